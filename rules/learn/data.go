package learn

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// Row is a line of a labelled file: a text, its label, and what else is known.
type Row struct {
	Text, Label string
	More        []string
}

// Read reads lines of text, tab, label and perhaps more, UTF-8. Lines without a
// tab are an error.
func Read(name string) ([]Row, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var rows []Row
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) < 2 {
			return nil, fmt.Errorf("%s:%d: no tab between text and label", name, len(rows)+1)
		}
		rows = append(rows, Row{Text: cells[0], Label: cells[1], More: cells[2:]})
	}
	return rows, lines.Err()
}
