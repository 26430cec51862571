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
