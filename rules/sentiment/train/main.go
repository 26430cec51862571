// Command train fits the sentiment model to labelled posts and writes
// rules/sentiment/sentiment.weights, the same bytes each time. It
// also prints what cross-validation on the train files tells.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"earshot/rules/learn"
)

func main() {
	data := flag.String("data", "../shared/data", "read labelled posts from `DIR`")
	out := flag.String("out", "rules/sentiment/sentiment.weights", "write the weights to `FILE`")
	only := flag.Bool("cv", false, "only print what cross-validation tells, write nothing")
	flag.Parse()
	if err := run(os.Stdout, *data, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "train: "+err.Error())
		os.Exit(1)
	}
}

func run(w io.Writer, data, out string, only bool) error {
	var r reader
	if err := r.learnEnglish(data); err != nil {
		return fmt.Errorf("reading posts for the company of words: %w", err)
	}
	examples, err := r.readAll(filepath.Join(data, "sentiment", "train"))
	if err != nil {
		return fmt.Errorf("reading labelled posts: %w", err)
	}
	temperatures := r.validate(w, examples)
	if only {
		return nil
	}
	file, err := r.pack(examples, temperatures)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %d examples, %d bytes\n", out, len(examples), len(file))
	return learn.Save(out, file)
}
