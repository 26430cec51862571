package bluesky

import (
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func packed(b testing.TB, message string) []byte {
	b.Helper()
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderDict(dictionary), zstd.WithEncoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = encoder.Close() }()
	return encoder.EncodeAll([]byte(message), nil)
}

func compact(b testing.TB, name string) string {
	b.Helper()
	message, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		b.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(message), "\n ", ""), "\n", "")
}

// BenchmarkUnderstand is one message from its bytes to a mention, packed as it
// comes and unpacked.
func BenchmarkUnderstand(b *testing.B) {
	for _, name := range []string{"post", "facets", "quote_with_media"} {
		message := compact(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if one := understand(string([]byte(message))); one.mention == nil {
					b.Fatal("it was not understood")
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
		})
		b.Run(name+"/packed", func(b *testing.B) {
			frame := packed(b, message)
			decoder, err := zstd.NewReader(nil, zstd.WithDecoderDicts(dictionary), zstd.WithDecoderConcurrency(1))
			if err != nil {
				b.Fatal(err)
			}
			defer decoder.Close()
			var plain []byte
			b.ReportAllocs()
			for b.Loop() {
				if plain, err = decoder.DecodeAll(frame, plain[:0]); err != nil {
					b.Fatal(err)
				}
				if one := understand(string(plain)); one.mention == nil {
					b.Fatal("it was not understood")
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
		})
	}
}
