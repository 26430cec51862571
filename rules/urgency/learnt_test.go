package urgency_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"earshot/rules/features"
	"earshot/rules/sentiment"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

// Heads that read how the author feels were trained with the model of feelings that
// is in the tree, not with another one.
func TestHeadsAreFresh(t *testing.T) {
	for h, header := range urgency.Headers() {
		if made := header.Reads["sentiment"]; made != "" && made != sentiment.Digest() || made == "" && readsFeelings(header.Dense) {
			t.Errorf("%s was trained with sentiment %q, here is %q: go run ./rules/urgency/train", h, made, sentiment.Digest())
		}
	}
}

// readsFeelings reports whether the numbers of feelings are worth something.
func readsFeelings(dense [][]float64) bool {
	for _, row := range dense[min(len(dense), 6):min(len(dense), 10)] {
		if row[0] != 0 {
			return true
		}
	}
	return false
}

// A head whose weights are deleted, as a licence may demand, leaves its matter to
// the word lists, and the other heads say what they said.
func TestHeadsCanBeDeleted(t *testing.T) {
	const post = "My castle came without a roof and nobody answers, you stupid liars"
	for deleted := range urgency.Headers() {
		files := fstest.MapFS{}
		err := fs.WalkDir(urgency.Weights(), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || name == "weights/"+deleted.String()+".weights" {
				return err
			}
			content, err := fs.ReadFile(urgency.Weights(), name)
			files[name] = &fstest.MapFile{Data: content}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		without, err := urgency.MeterOf(files)
		if err != nil {
			t.Fatal(err)
		}
		_, all := measure(post)
		got := measureWith(without, post)
		for _, h := range urgency.Heads() {
			want := all.Heads[h]
			if h == deleted {
				want = got.Named[h]
			}
			if got.Heads[h] != want {
				t.Errorf("without %s, %s is %s, want %s", deleted, h, got.Heads[h], want)
			}
		}
	}
}

// Without any weights the word lists speak alone; files that are no weights are
// refused.
func TestNoHeads(t *testing.T) {
	m, err := urgency.MeterOf(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	if r := measureWith(m, "it arrived broken, nobody answers"); r.Heads[urgency.Complaint] == 0 || r.Heads != r.Named {
		t.Errorf("heads are %v, phrases alone make %v", r.Heads, r.Named)
	}
	for _, content := range []string{"", "{}\n", "{\"head\":\"weather\",\"classes\":[\"no\",\"yes\"],\"bits\":1,\"bias\":[0]}\n\x01\x01"} {
		if _, err := urgency.MeterOf(fstest.MapFS{"weights/x.weights": &fstest.MapFile{Data: []byte(content)}}); err == nil {
			t.Errorf("%q is taken for weights", content)
		}
	}
}

// measureWith measures an English text.
func measureWith(m *urgency.Meter, s string) urgency.Result {
	var tokens text.Tokens
	tokens.Add(text.Body, s)
	var post features.Post
	post.Read("", s)
	return m.Measure(urgency.Input{Tokens: &tokens, Post: &post, Fields: [2]string{"", s}, Lang: "en"})
}
