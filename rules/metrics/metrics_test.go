package metrics_test

import (
	"math"
	"testing"

	"earshot/rules/metrics"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The measures are those that a pencil gives.
func TestMeasures(t *testing.T) {
	cases := []metrics.Case{
		{Want: 0, Got: 0, Confidence: 0.95, Score: 0.1},
		{Want: 0, Got: 1, Confidence: 0.65, Score: 0.6},
		{Want: 1, Got: 1, Confidence: 0.95, Score: 0.9},
		{Want: 1, Got: 1, Confidence: 0.65, Score: 0.6},
	}
	near(t, "accuracy", metrics.Accuracy(cases), 0.75)
	near(t, "macro-recall", metrics.MacroRecall(cases, 2), 0.75)
	near(t, "macro-F1", metrics.MacroF1(cases, 2), (2.0/3+0.8)/2)
	near(t, "AUC", metrics.AUC(cases), 3.5/4)
	near(t, "average precision", metrics.AveragePrecision(cases), (1+2.0/3)/2)
	near(t, "calibration error", metrics.CalibrationError(cases), (0.1+0.3)/4)
	near(t, "macro-recall with a class that never occurs", metrics.MacroRecall(cases, 3), 0.75)
	near(t, "AUC of one class", metrics.AUC(cases[:1]), math.NaN())
	near(t, "average precision of none", metrics.AveragePrecision(nil), math.NaN())
	near(t, "accuracy of nothing", metrics.Accuracy(nil), 0)
}

// An interval holds its value, narrows with more cases, and is the same each time.
func TestBootstrap(t *testing.T) {
	var few, many []metrics.Case
	for i := range 2000 {
		c := metrics.Case{Want: i % 2, Got: (i / 3) % 2}
		many = append(many, c)
		if i < 40 {
			few = append(few, c)
		}
	}
	a, b := metrics.Bootstrap(few, 200, metrics.Accuracy), metrics.Bootstrap(many, 200, metrics.Accuracy)
	if a.Low > a.Value || a.Value > a.High || b.High-b.Low >= a.High-a.Low {
		t.Errorf("few %+v, many %+v", a, b)
	}
	if again := metrics.Bootstrap(few, 200, metrics.Accuracy); again != a {
		t.Errorf("%+v, then %+v", a, again)
	}
}
