package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"earshot/rules"
	"earshot/rules/learn"
	"earshot/rules/metrics"
	"earshot/rules/urgency"
)

// evalSamples is how many samples the intervals are drawn from.
const evalSamples = 400

func newEvalCommand() *cobra.Command {
	e := evaluation{}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval --head HEAD FILE…",
		Short: "Measure the models on labelled texts",
		Long: "eval reads files of lines text<TAB>label, lets a model judge the texts and prints\n" +
			"how often it is right: macro-recall, macro-F1, accuracy, calibration error and who\n" +
			"is taken for whom; AUC and average precision where there are two classes; each with\n" +
			"the range that holds it in 19 of 20 samples. More columns are passed over.\n\n" +
			"Heads are sentiment (labels neg neu pos), language (en, de …) and those of urgency:\n" +
			strings.Join(headNames(), ", ") + ". There, the label that means yes is the head's\n" +
			"name or the one given by --yes; all others mean no.\n\n" +
			"The head relevance measures the brands of a book (-c), which it needs: is a text about\n" +
			"the brand (label yes) that --brand or a third column names? Above the brand's threshold\n" +
			"it is judged so; what its query does not find is left out.",
		Example: "  earshot eval --head sentiment tweets.tsv\n" +
			"  earshot eval --head informative --yes 'Related and informative' --skip 'Not applicable' crises.tsv\n" +
			"  earshot eval --head language --json posts.tsv | jq .accuracy.value\n" +
			"  earshot eval --head relevance -c earshot.yaml labelled.tsv",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := e.open(cmd); err != nil {
				return err
			}
			report, err := e.run(files)
			if err != nil {
				return err
			}
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetEscapeHTML(false)
				return encoder.Encode(report)
			}
			return report.print(cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&e.head, "head", "sentiment", "measure this `HEAD`")
	flags.StringVar(&e.yes, "yes", "", "the `LABEL` that means yes (default the name of the head)")
	flags.StringSliceVar(&e.skip, "skip", nil, "leave out texts with these `LABELS`")
	flags.StringVar(&e.brand, "brand", "", "of relevance: the texts are said to be about this `BRAND` (default the third column)")
	flags.StringVar(&e.lang, "lang", "", "the texts are in this `LANGUAGE`; guessed if left out")
	flags.BoolVar(&asJSON, "json", false, "print one line of JSON")
	return cmd
}

func headNames() []string {
	var names []string
	for _, h := range urgency.Heads() {
		names = append(names, h.String())
	}
	return names
}

// evaluation is what is measured.
type evaluation struct {
	head, yes, lang string
	brand           string
	book            *rules.Book // for relevance
	skip            []string
	classes         []string
	cases           []metrics.Case
	skipped         int
}

// sentimentClasses are the labels of sentiment.
var sentimentClasses = []string{"neg", "neu", "pos"}

func (e *evaluation) run(files []string) (*evalReport, error) {
	one, err := e.judge()
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		rows, err := learn.Read(name)
		if err != nil {
			return nil, fmt.Errorf("reading labelled texts: %w", err)
		}
		for _, row := range rows {
			if slices.Contains(e.skip, row.Label) || !one(row) {
				e.skipped++
			}
		}
	}
	if len(e.cases) == 0 {
		return nil, fmt.Errorf("there is no text to measure: %d left out (see earshot eval --help for the labels)", e.skipped)
	}
	return e.report(), nil
}

// judge returns what measures one text, false if its label is none of the head's.
func (e *evaluation) judge() (func(learn.Row) bool, error) {
	switch {
	case e.head == "sentiment":
		e.classes = sentimentClasses
		return e.sentiment, nil
	case e.head == "language":
		return e.language, nil
	case slices.Contains(headNames(), e.head):
		e.classes = []string{"no", "yes"}
		if e.yes == "" {
			e.yes = e.head
		}
		return e.urgency, nil
	case e.head == relevanceHead:
		e.classes = []string{"no", "yes"}
		e.yes = cmp.Or(e.yes, "yes")
		return e.relevance, nil
	}
	return nil, usageError{fmt.Sprintf("there is no head %q (heads are sentiment, language, relevance, %s)", e.head, strings.Join(headNames(), ", "))}
}

func (e *evaluation) sentiment(row learn.Row) bool {
	want := slices.Index(e.classes, row.Label)
	if want < 0 {
		return false
	}
	s := rules.Score(row.Text, e.lang)
	e.cases = append(e.cases, metrics.Case{
		Want: want, Got: slices.Index(e.classes, s.Label), Confidence: s.Confidence.Float(), Score: s.Sentiment.Float(),
	})
	return true
}

func (e *evaluation) language(row learn.Row) bool {
	e.cases = append(e.cases, metrics.Case{Want: e.class(row.Label), Got: e.class(rules.Score(row.Text, "").Language)})
	return true
}

// class is the number of a label, a new one if it is not known yet.
func (e *evaluation) class(label string) int {
	if label == "" {
		label = "unknown"
	}
	at := slices.Index(e.classes, label)
	if at < 0 {
		at = len(e.classes)
		e.classes = append(e.classes, label)
	}
	return at
}

func (e *evaluation) urgency(row learn.Row) bool {
	c := metrics.Case{Score: rules.Score(row.Text, e.lang).Heads[e.head].Float()}
	if row.Label == e.yes {
		c.Want = 1
	}
	c.Confidence = 1 - c.Score
	if c.Score >= 0.5 {
		c.Got, c.Confidence = 1, c.Score
	}
	e.cases = append(e.cases, c)
	return true
}

// evalReport is how often a model is right.
type evalReport struct {
	Head             string            `json:"head"`
	Texts            int               `json:"texts"`
	LeftOut          int               `json:"left_out"`
	MacroRecall      metrics.Interval  `json:"macro_recall"`
	MacroF1          metrics.Interval  `json:"macro_f1"`
	Accuracy         metrics.Interval  `json:"accuracy"`
	CalibrationError *metrics.Interval `json:"calibration_error,omitempty"`
	AUC              *metrics.Interval `json:"auc,omitempty"`
	AveragePrecision *metrics.Interval `json:"average_precision,omitempty"`
	Classes          []string          `json:"classes"`
	Confusion        [][]int           `json:"confusion"` // row: as labelled, column: as judged
}

func (e *evaluation) report() *evalReport {
	n := len(e.classes)
	measure := func(of func([]metrics.Case) float64) metrics.Interval {
		return metrics.Bootstrap(e.cases, evalSamples, of)
	}
	r := &evalReport{
		Head: e.head, Texts: len(e.cases), LeftOut: e.skipped, Classes: e.classes, Confusion: metrics.Confusion(e.cases, n),
		MacroRecall: measure(func(c []metrics.Case) float64 { return metrics.MacroRecall(c, n) }),
		MacroF1:     measure(func(c []metrics.Case) float64 { return metrics.MacroF1(c, n) }),
		Accuracy:    measure(metrics.Accuracy),
	}
	if e.head != "language" && e.head != relevanceHead { // they have no chances
		r.CalibrationError = new(measure(metrics.CalibrationError))
	}
	if n == 2 && r.bothOccur() {
		r.AUC, r.AveragePrecision = new(measure(metrics.AUC)), new(measure(metrics.AveragePrecision))
	}
	return r
}

// bothOccur reports whether each of two classes has a text.
func (r *evalReport) bothOccur() bool {
	return r.Confusion[0][0]+r.Confusion[0][1] > 0 && r.Confusion[1][0]+r.Confusion[1][1] > 0
}

func (r *evalReport) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.Head, plural(r.Texts, "text"))
	if r.LeftOut > 0 {
		fmt.Fprintf(&b, ", %d left out", r.LeftOut)
	}
	b.WriteByte('\n')
	for _, line := range []struct {
		name string
		in   *metrics.Interval
	}{
		{"macro-recall", &r.MacroRecall},
		{"macro-F1", &r.MacroF1},
		{"accuracy", &r.Accuracy},
		{"AUC", r.AUC},
		{"average precision", r.AveragePrecision},
		{"calibration error", r.CalibrationError},
	} {
		if line.in != nil {
			fmt.Fprintf(&b, "  %-18s %.3f  (%.3f to %.3f)\n", line.name, line.in.Value, line.in.Low, line.in.High)
		}
	}
	fmt.Fprintf(&b, "  %-18s", "as labelled ↓ judged")
	for _, c := range r.Classes {
		fmt.Fprintf(&b, " %7s", c)
	}
	b.WriteByte('\n')
	for k, row := range r.Confusion {
		fmt.Fprintf(&b, "  %-20s", r.Classes[k])
		for _, v := range row {
			fmt.Fprintf(&b, " %7d", v)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
