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
	var r reader
	for _, h := range heads {
		if only != "" && only != h.head.String() {
			continue
		}
		examples, err := h.examples(&r, data)
		if err != nil {
			return fmt.Errorf("reading posts for %s: %w", h.head, err)
		}
		shift := h.validate(w, &r, examples)
		file, err := h.pack(&r, examples, shift)
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
