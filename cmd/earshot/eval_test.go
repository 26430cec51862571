package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// evaluate runs earshot eval on a file of labelled texts.
func evaluate(t *testing.T, labelled string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "texts.tsv")
	if err := os.WriteFile(name, []byte(labelled), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code = exitCode(append(append([]string{"eval"}, args...), name), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// The report counts what is right and who is taken for whom.
func TestEval(t *testing.T) {
	texts := "I love this, thank you so much!\tpos\nthis is terrible, I hate it\tneg\nthe shop opens at nine\tneu\nwho?\tq\n"
	code, out, errs := evaluate(t, texts, "--head", "sentiment", "--json")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var report evalReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if report.Texts != 3 || report.LeftOut != 1 || report.Accuracy.Value != 1 || report.Confusion[0][0] != 1 || report.AUC != nil {
		t.Errorf("%+v", report)
	}
	texts = "where is my order, please help me\trequest\nlovely day\tno\n"
	if code, out, errs = evaluate(t, texts, "--head", "request"); code != exitOK || !strings.Contains(out, "AUC                1.000") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	texts = "ich weiß nicht, was ich machen soll\tde\nสวัสดีครับ\tth\n"
	if code, out, errs = evaluate(t, texts, "--head", "language"); code != exitOK || !strings.Contains(out, "accuracy           1.000") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestEvalMistakes(t *testing.T) {
	for _, tt := range []struct {
		head, texts, says string
		code              int
	}{
		{"moods", "a\tb\n", `there is no head "moods"`, exitUsage},
		{"sentiment", "no label\n", "texts.tsv:1: no tab between text and label", exitFailed},
		{"sentiment", "a\thappy\n", "there is no text to measure: 1 left out", exitFailed},
		{"sentiment", "", "there is no text to measure", exitFailed},
	} {
		code, _, errs := evaluate(t, tt.texts, "--head", tt.head)
		if code != tt.code || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: exit %d, %s", tt.says, code, errs)
		}
	}
}

// Relevance is measured for the brands of a book: by the third column or by --brand.
func TestEvalRelevance(t *testing.T) {
	dir := t.TempDir()
	book := filepath.Join(dir, "book.yaml")
	if err := os.WriteFile(book, []byte("brands:\n  - {name: bolt, query: bolt, context: {for: [driver*], against: [nut*]}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	texts := "my bolt driver was late\tyes\tbolt\na bolt and a nut\tno\tbolt\nlightning\tno\tbolt\na bolt\tyes\tother\n"
	code, out, errs := evaluate(t, texts, "--head", "relevance", "-c", book, "--json")
	var report evalReport
	if err := json.Unmarshal([]byte(out), &report); code != exitOK || err != nil {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	if report.Texts != 2 || report.LeftOut != 2 || report.Accuracy.Value != 1 || report.AUC == nil || report.CalibrationError != nil {
		t.Errorf("%+v", report)
	}
	if code, out, errs = evaluate(t, "a bolt\tbolt\n", "--head", "relevance", "-c", book, "--brand", "bolt", "--yes", "bolt"); code != exitOK || !strings.Contains(out, "accuracy           1.000") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	for _, c := range []struct {
		says string
		code int
		args []string
	}{
		{"there is no such file", exitConfig, []string{"--head", "relevance", "-c", filepath.Join(dir, "none.yaml")}},
		{`there is no brand "blot"`, exitFailed, []string{"--head", "relevance", "-c", book, "--brand", "blot"}},
		{"--brand goes with --head relevance", exitUsage, []string{"--head", "sentiment", "--brand", "bolt"}},
	} {
		if code, _, errs := evaluate(t, texts, c.args...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, %s", c.args, code, errs)
		}
	}
}

// The measurement of docs/quality.md on posts whose names are ambiguous does not get
// worse unnoticed.
func TestAmbiguousNames(t *testing.T) {
	const dir = "../../rules/relevance/testdata/"
	var out, errs bytes.Buffer
	code := exitCode([]string{"eval", "--head", "relevance", "-c", dir + "ambiguous.yaml", "--json", dir + "ambiguous.tsv"}, strings.NewReader(""), &out, &errs)
	var report evalReport
	if err := json.Unmarshal(out.Bytes(), &report); code != exitOK || err != nil {
		t.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
	}
	if report.Texts < 190 || report.Accuracy.Value < 0.87 {
		t.Errorf("%+v", report)
	}
}
