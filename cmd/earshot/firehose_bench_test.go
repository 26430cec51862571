package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"earshot/listeners/bluesky"
	"earshot/rules"
)

// BenchmarkFirehose is the way of one post of Bluesky, packed as Jetstream sends
// it, to its verdicts by a thousand queries, one post in a hundred of which
// concerns a brand: posts/s of wall time and posts/cpu-s of processor time, of one
// goroutine.
func BenchmarkFirehose(b *testing.B) {
	const queries = 1000
	var config rules.Config
	for i := range queries {
		config.Brands = append(config.Brands, rules.Brand{
			Name:  fmt.Sprintf("brand%d", i),
			Query: fmt.Sprintf(`(brandname%[1]d OR #brandname%[1]d OR "the makers of %[1]dish") NOT ("brandname%[1]d klein" OR site:n%[1]d.example)`, i),
		})
	}
	book, problems := rules.New(config)
	if problems.Fatal() {
		b.Fatal(problems)
	}
	frames := firehose(b, 10_000, queries)
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderDicts(bluesky.Dictionary()), zstd.WithDecoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	defer decoder.Close()
	var plain []byte
	matched, at := 0, 0
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		if plain, err = decoder.DecodeAll(frames[at%len(frames)], plain[:0]); err != nil {
			b.Fatal(err)
		}
		at++
		m, err := bluesky.Parse(plain)
		if err != nil {
			b.Fatal(err)
		}
		matched += min(len(book.Judge(m)), 1)
	}
	spent := cpuTime(b) - before
	if want := at / 100; matched < want/2 || matched > 2*want {
		b.Errorf("%d of %d posts matched", matched, at)
	}
	b.ReportMetric(float64(at)/b.Elapsed().Seconds(), "posts/s")
	b.ReportMetric(float64(at)/spent.Seconds(), "posts/cpu-s")
}

// firehose returns packed messages with posts like those of the network: of all
// lengths, one in five with a link, one in four a reply, one in ten with a picture.
func firehose(b *testing.B, n, brands int) [][]byte {
	b.Helper()
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderDict(bluesky.Dictionary()), zstd.WithEncoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = encoder.Close() }()
	r := rand.New(rand.NewPCG(1, 2))
	frames := make([][]byte, n)
	for i := range frames {
		text := firehoseText(r, 5+r.IntN(40))
		if i%100 == 0 {
			text += fmt.Sprintf(" brandname%d", r.IntN(brands))
		}
		message, err := json.Marshal(map[string]any{
			"did": fmt.Sprintf("did:plc:%024d", r.IntN(1e6)), "time_us": 1795313287126795 + i, "cursor": i + 1, "kind": "commit",
			"commit": map[string]any{
				"rev": "3l3qo2vutsw2b", "operation": "create", "collection": "app.bsky.feed.post", "rkey": fmt.Sprintf("3l%011d", i),
				"record": firehoseRecord(r, i, text), "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi",
			},
		})
		if err != nil {
			b.Fatal(err)
		}
		frames[i] = encoder.EncodeAll(message, nil)
	}
	return frames
}

func firehoseRecord(r *rand.Rand, i int, text string) map[string]any {
	record := map[string]any{"$type": "app.bsky.feed.post", "createdAt": "2026-11-22T02:07:58.311Z", "langs": []string{"en"}, "text": text}
	post := map[string]any{"cid": "bafyreihvq7sgd6e2z5ynbmrvmjrl4ufhjhlfijv6r6sh3n6hyhvb5l4xyi", "uri": fmt.Sprintf("at://did:plc:%024d/app.bsky.feed.post/3l%011d", r.IntN(1e6), i)}
	if i%4 == 1 {
		record["reply"] = map[string]any{"root": post, "parent": post}
	}
	if i%5 == 2 {
		record["facets"] = []any{map[string]any{
			"index":    map[string]any{"byteStart": 0, "byteEnd": 5},
			"features": []any{map[string]any{"$type": "app.bsky.richtext.facet#link", "uri": fmt.Sprintf("https://news.example/%d", i)}},
		}}
	}
	if i%10 == 3 {
		record["embed"] = map[string]any{"$type": "app.bsky.embed.images", "images": []any{map[string]any{
			"alt": firehoseText(r, 12), "aspectRatio": map[string]any{"height": 2000, "width": 1500},
			"image": map[string]any{"$type": "blob", "ref": map[string]any{"$link": "bafkreibabalobzn6cd366ukcsjycp4yymjymgfxcv6xczmlgpemzkz3cfa"}, "mimeType": "image/jpeg", "size": 760898},
		}}}
	}
	return record
}

// firehoseText is n words of a vocabulary of twenty thousand.
func firehoseText(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		w := r.IntN(20_000)
		for range 2 + w%7 {
			b.WriteByte(byte('a' + w%26))
			w = w*31/7 + 11
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
