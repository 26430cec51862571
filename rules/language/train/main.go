// Command train fits the language model to posts whose language is known and, for
// languages without any, to phrases drawn from the project's own word lists. It
// writes rules/language/language.weights, the same bytes each time, and prints
// what cross-validation tells.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"earshot/rules/language"
	"earshot/rules/learn"
	"earshot/rules/linear"
	"earshot/rules/metrics"
)

func main() {
	data := flag.String("data", "../shared/data", "read labelled posts from `DIR`")
	lists := flag.String("lists", "rules", "read the word lists of the folders language, sentiment and urgency in `DIR`")
	out := flag.String("out", "rules/language/language.weights", "write the weights to `FILE`")
	flag.Parse()
	if err := run(os.Stdout, *data, *lists, *out); err != nil {
		fmt.Fprintln(os.Stderr, "train: "+err.Error())
		os.Exit(1)
	}
}

func run(w io.Writer, data, lists, out string) error {
	posts, err := readPosts(data)
	if err != nil {
		return fmt.Errorf("reading posts: %w", err)
	}
	phrases, err := readPhrases(lists)
	if err != nil {
		return fmt.Errorf("reading word lists: %w", err)
	}
	kept := validate(w, posts, phrases)
	file, err := pack(fit(append(kept, phrases...)))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %d posts, %d phrases, %d bytes\n", out, len(kept), len(phrases), len(file))
	return learn.Save(out, file)
}

// What the fit is told. The figures were chosen by cross-validation.
const (
	bits   = 14
	epochs = 8
	rate   = 0.1
	decay  = 1e-5
	folds  = 5
)

func fit(examples []learn.Example) *learn.Weights {
	return learn.Fit(examples, learn.Options{
		Classes: len(language.Latin), Bits: bits, Epochs: epochs, Rate: rate, Decay: decay, Seed: 1,
	})
}

func pack(w *learn.Weights) ([]byte, error) {
	return w.Pack(linear.Header{
		Head: "language", Classes: language.Latin, Groups: language.Groups, Bits: bits,
		Data: []string{"UMSAB train (XLM-T): Apache-2.0", "TweetEval sentiment train: CC BY 3.0", "Tweet Sentiment Extraction: CC BY 4.0", "earshot's word lists"},
	})
}

// sureEnglish is from what chance of English on a post is not learnt from as one of
// the language of its file: one in six of the Hindi file is English.
const sureEnglish = 0.8

// validate prints how many posts are told right by models that have not read them,
// and returns those that are worth learning from.
func validate(w io.Writer, posts, phrases []learn.Example) (kept []learn.Example) {
	parts := learn.Folds(posts, folds, 1)
	first := learn.CrossValidate(posts, parts, func(train []learn.Example) *learn.Weights {
		return fit(append(train, phrases...))
	})
	doubtful := make([]bool, len(posts))
	for i, p := range first {
		if doubtful[i] = posts[i].Label != 0 && p[0] >= sureEnglish; !doubtful[i] {
			kept = append(kept, posts[i])
		}
	}
	found := make([][]float64, len(posts))
	for part := range folds {
		var train []learn.Example
		for i := range posts {
			if parts[i] != part && !doubtful[i] {
				train = append(train, posts[i])
			}
		}
		weights := fit(append(train, phrases...))
		for i := range posts {
			if parts[i] == part {
				found[i] = learn.Probabilities(weights, &posts[i])
			}
		}
	}
	tell(w, posts, found)
	return kept
}

// tell prints how many posts are told right, all of them and the short ones.
func tell(w io.Writer, posts []learn.Example, found [][]float64) {
	var all, short []metrics.Case
	for i, p := range found {
		c := metrics.Case{Want: posts[i].Label, Got: likeliest(p)}
		all = append(all, c)
		if posts[i].Group == shortPost {
			short = append(short, c)
		}
	}
	n := len(language.Latin)
	fmt.Fprintf(w, "%d-fold cross-validation: accuracy %.3f, macro-recall %.3f; posts under 80 characters: accuracy %.3f, macro-recall %.3f\n",
		folds, metrics.Accuracy(all), metrics.MacroRecall(all, n), metrics.Accuracy(short), metrics.MacroRecall(short, n))
	for k, row := range metrics.Confusion(all, n) {
		total := 0
		for _, v := range row {
			total += v
		}
		if total > 0 {
			fmt.Fprintf(w, "  %s %4d of %4d, taken for %v\n", language.Latin[k], row[k], total, row)
		}
	}
}

func likeliest(p []float64) int {
	best := 0
	for k := range p {
		if p[k] > p[best] {
			best = k
		}
	}
	return best
}
