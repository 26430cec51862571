// Command train fits the trained heads of urgency, one file each in
// rules/urgency/weights, the same bytes each time. It also prints what
// cross-validation tells, on events, industries or parts left out.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"earshot/rules/learn"
	"earshot/rules/urgency"
)

func main() {
	data := flag.String("data", "../shared/data", "read labelled posts from `DIR`")
	out := flag.String("out", "rules/urgency/weights", "write the weights to `DIR`")
	only := flag.String("head", "", "train only this `HEAD`")
	flag.Parse()
	if err := run(os.Stdout, *data, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "train: "+err.Error())
		os.Exit(1)
	}
}

func run(w io.Writer, data, out, only string) error {
	for _, h := range heads {
		if only != "" && only != h.head.String() {
			continue
		}
		examples, err := h.examples(data)
		if err != nil {
			return fmt.Errorf("reading posts for %s: %w", h.head, err)
		}
		shift := h.validate(w, examples)
		file, err := h.pack(examples, shift)
		if err != nil {
			return err
		}
		name := filepath.Join(out, h.head.String()+".weights")
		fmt.Fprintf(w, "%s: %d posts, %d bytes\n", name, len(examples), len(file))
		if err := learn.Save(name, file); err != nil {
			return err
		}
	}
	return nil
}

// trained is a head and what it is trained on.
type trained struct {
	head   urgency.Head
	file   string
	yes    string   // the label that the head looks for
	skip   []string // labels that say nothing
	group  int      // column of what is left out together; 0 leaves out one of five parts
	bits   int
	epochs int
	rate   float64
	data   string
}

var heads = []trained{
	{
		urgency.Complaint, "complaints/train.tsv", "complaint", nil, 1, 15, 12, 0.05,
		"complaints/train.tsv (Preotiuc-Pietro et al., ACL 2019; no licence stated)",
	},
	{
		urgency.Request, "urgency/requests.tsv", "request", nil, 0, 15, 12, 0.05,
		"urgency/requests.tsv (disaster_response_messages: CC BY 4.0)",
	},
	{
		urgency.Offensive, "tone/train/offensive.tsv", "offensive", nil, 0, 16, 6, 0.05,
		"tone/train/offensive.tsv (TweetEval, OLID)",
	},
	{
		urgency.Informative, "urgency/crisislex26.tsv", "Related and informative",
		[]string{"Not applicable"},
		3, 16, 6, 0.03,
		"urgency/crisislex26.tsv (CrisisLexT26: MIT)",
	},
}
