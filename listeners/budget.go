package listeners

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"earshot"
)

// BudgetLimits are what may be spent, in units of the network. They are a section
// of a driver's configuration.
type BudgetLimits struct {
	Day   float64 `yaml:"day" jsonschema:"description=The most that may be spent in a day; 0 for no limit"`
	Month float64 `yaml:"month" jsonschema:"description=The most that may be spent in a calendar month; 0 for no limit"`
}

// Check returns what is wrong with the limits, with paths relative to the section.
func (l BudgetLimits) Check() earshot.Problems {
	var problems earshot.Problems
	for path, limit := range map[string]float64{"day": l.Day, "month": l.Month} {
		if limit < 0 || limit > 1e9 || limit != limit {
			problems = append(problems, earshot.Problem{Path: path, What: "not an amount that can be spent", Hint: "give a number, 25 for example, or 0 for no limit"})
		}
	}
	return problems
}

// BudgetOptions are what a Budget is made of.
type BudgetOptions struct {
	Name   string // of the listener, then of the budget if it has several: "x" or "x.posts"
	Unit   string // USD, units, requests
	Limits BudgetLimits
	Zone   *time.Location // whose midnight begins a day; nil means UTC
	Tally  Tally
	Log    *zap.Logger
	Now    func() time.Time // nil means time.Now
}

// Budget counts what a listener spends at a network that charges for answers,
// durably and before it is spent, so that no crash and no second process makes it
// exceed what the configuration allows. What things cost is the driver's business.
// It is safe for concurrent use, by several processes too.
type Budget struct {
	o  BudgetOptions
	mu sync.Mutex
}

// ErrSpent is wrapped by the error of a Spend that would exceed a limit.
var ErrSpent = errors.New("the budget is spent")

// spending is what lasts. Amounts are millionths, so that sums are exact.
type spending struct {
	Day       string        `json:"day"`
	Month     string        `json:"month"`
	Today     earshot.Score `json:"today"`
	ThisMonth earshot.Score `json:"this_month"`
	Announced []string      `json:"announced,omitempty"` // days and months whose 80 % were announced
}

// NewBudget returns a budget. It reads and writes nothing yet.
func NewBudget(o BudgetOptions) *Budget {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return &Budget{o: o}
}

// Spend counts an amount before it is spent, durably. When that would exceed a
// limit nothing is counted and the error is a *RetryAfter until the
// limit begins anew, wrapping ErrSpent. At 80 % of a limit it says so once in the
// log. A negative amount gives back what was counted and not spent.
func (b *Budget) Spend(ctx context.Context, amount float64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		err := b.spend(ctx, earshot.ScoreOf(amount))
		if !errors.Is(err, earshot.ErrConflict) {
			return err
		}
	}
}

func (b *Budget) spend(ctx context.Context, amount earshot.Score) error {
	r, revision, err := b.load(ctx)
	if err != nil {
		return err
	}
	now := b.o.Now().In(b.o.Zone)
	before := r
	r.Today = max(r.Today+amount, 0)
	r.ThisMonth = max(r.ThisMonth+amount, 0)
	for _, s := range b.spent(r, now) {
		if amount > 0 && s.Limit > 0 && earshot.ScoreOf(s.Used) > earshot.ScoreOf(s.Limit) {
			Report(ctx, Outlook{Spent: b.spent(before, now)}) // a process that has spent nothing yet shows it too
			return b.exhausted(s, now)
		}
	}
	b.announce(&r, now)
	value, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("counting what is spent: %w", err)
	}
	if _, err := b.o.Tally.Save(ctx, b.key(), value, revision); err != nil {
		return fmt.Errorf("counting what is spent: %w", err)
	}
	Report(ctx, Outlook{Spent: b.spent(r, now)})
	return nil
}

func (b *Budget) key() string { return b.o.Name + ".budget" }

func (b *Budget) load(ctx context.Context) (spending, uint64, error) {
	value, revision, err := b.o.Tally.Load(ctx, b.key())
	if err != nil {
		return spending{}, 0, fmt.Errorf("reading what was spent: %w", err)
	}
	var r spending
	if len(value) > 0 {
		if err := json.Unmarshal(value, &r); err != nil {
			return spending{}, 0, fmt.Errorf("reading what was spent: %w", err)
		}
	}
	now := b.o.Now().In(b.o.Zone)
	if day := now.Format(time.DateOnly); r.Day != day {
		r.Day, r.Today = day, 0
	}
	if month := now.Format("2006-01"); r.Month != month {
		r.Month, r.ThisMonth = month, 0
	}
	return r, revision, nil
}

// Spent returns what has been spent of the day's and the month's limit.
func (b *Budget) Spent(ctx context.Context) ([]Spent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, _, err := b.load(ctx)
	if err != nil {
		return nil, err
	}
	return b.spent(r, b.o.Now().In(b.o.Zone)), nil
}

func (b *Budget) spent(r spending, now time.Time) []Spent {
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, b.o.Zone)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, b.o.Zone)
	return []Spent{
		{Unit: b.o.Unit, Per: "day", Used: r.Today.Float(), Limit: b.o.Limits.Day, Reset: day.AddDate(0, 0, 1).UTC()},
		{Unit: b.o.Unit, Per: "month", Used: r.ThisMonth.Float(), Limit: b.o.Limits.Month, Reset: month.AddDate(0, 1, 0).UTC()},
	}
}

func (b *Budget) exhausted(s Spent, now time.Time) error {
	return &RetryAfter{
		Wait: s.Reset.Sub(now),
		Err:  fmt.Errorf("%w: %g %s a %s, anew at %s", ErrSpent, s.Limit, s.Unit, s.Per, s.Reset.Format(time.RFC3339)),
	}
}

// announce says once a period that most of it is gone.
func (b *Budget) announce(r *spending, now time.Time) {
	for _, s := range b.spent(*r, now) {
		period := r.Day
		if s.Per == "month" {
			period = r.Month
		}
		if !s.mostly() || slices.Contains(r.Announced, period) {
			continue
		}
		r.Announced = append(slices.DeleteFunc(r.Announced, func(was string) bool { return was != r.Day && was != r.Month }), period)
		b.o.Log.Warn("most of the budget is spent", zap.Float64("used", s.Used), zap.Float64("limit", s.Limit),
			zap.String("unit", s.Unit), zap.String("per", s.Per), zap.Time("anew", s.Reset))
	}
}
