package file_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"earshot/listeners"
	"earshot/listeners/file"
)

func BenchmarkParse(b *testing.B) {
	for name, line := range map[string]string{"tweet": tweetLine, "full": fullLine} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := file.Parse([]byte(line)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// How fast lines become mentions, when storing them takes no time.
func BenchmarkListen(b *testing.B) {
	const lines = 20_000
	path := filepath.Join(b.TempDir(), "log")
	write(b, path, strings.Repeat(tweetLine+"\n", lines))
	src := open(b, following(path))
	b.ReportAllocs()
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		heard := 0
		_ = src.Listen(ctx, nil, func(_ context.Context, batch listeners.Batch) error {
			if heard += len(batch.Mentions); heard == lines {
				cancel()
			}
			return nil
		})
	}
	b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "mentions/s")
}
