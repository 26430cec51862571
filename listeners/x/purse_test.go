package x

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/x/xtest"
)

// tallyServer lends a tally to other processes.
func tallyServer(t *testing.T, tally *memoryTally) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("name")
		if r.Method == http.MethodGet {
			value, revision, err := tally.Load(r.Context(), name)
			if err != nil {
				return
			}
			w.Header().Set("Revision", strconv.FormatUint(revision, 10))
			_, _ = w.Write(value)
			return
		}
		value, err := io.ReadAll(r.Body)
		revision, _ := strconv.ParseUint(r.Header.Get("Revision"), 10, 64)
		if err == nil {
			revision, err = tally.Save(context.Background(), name, value, revision)
		}
		if err != nil {
			w.WriteHeader(http.StatusConflict)
			return
		}
		w.Header().Set("Revision", strconv.FormatUint(revision, 10))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// remoteTally is a tally in another process.
type remoteTally string

func (r remoteTally) call(ctx context.Context, method, name, revision string, value string) (string, uint64, error) {
	req, err := http.NewRequestWithContext(ctx, method, string(r)+"?name="+name, strings.NewReader(value))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Revision", revision)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusConflict {
		return "", 0, earshot.ErrConflict
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", 0, err
	}
	next, err := strconv.ParseUint(resp.Header.Get("Revision"), 10, 64)
	return string(body), next, err
}

// Load implements listeners.Tally.
func (r remoteTally) Load(ctx context.Context, name string) ([]byte, uint64, error) {
	value, revision, err := r.call(ctx, http.MethodGet, name, "", "")
	return []byte(value), revision, err
}

// Save implements listeners.Tally.
func (r remoteTally) Save(ctx context.Context, name string, value []byte, revision uint64) (uint64, error) {
	_, next, err := r.call(ctx, http.MethodPost, name, strconv.FormatUint(revision, 10), string(value))
	return next, err
}

// spenderEnv makes the test binary a process that spends: "tally server file".
const spenderEnv = "EARSHOT_X_SPENDER"

const spendersDay = 1.5 // USD that all of them together may spend

// spend hears from the beginning, again and again, until it is killed.
func spend(tally, server, file, what string) error {
	config := defaults()
	config.BearerTokenFile, config.Server, config.Every = file, server, time.Millisecond
	config.Budget = listeners.BudgetLimits{Day: spendersDay}
	client := &http.Client{Transport: &http.Transport{}}
	acc := newAccount(listeners.Setup{Name: "x", Client: client, Stream: client, Tally: remoteTally(tally), Log: zap.NewNop()}, config)
	source := &timeline{account: acc, part: what, queries: []string{"acme"}}
	if what == "mentions" {
		source.queries, source.handle = nil, xtest.Handle
	}
	for patience := 50 * time.Millisecond; ; patience = min(2*patience, 10*time.Second) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := source.Listen(ctx, nil, func(context.Context, listeners.Batch) error {
			patience = 25 * time.Millisecond // the machine is fast enough to hear something
			return nil
		})
		cancel()
		if errors.Is(err, listeners.ErrSpent) {
			fmt.Println("spent")
		}
	}
}

// Several processes that share a budget and are killed at any moment never spend
// more than it together, and do spend most of it.
func TestBudgetOfManyProcesses(t *testing.T) {
	if args := strings.Fields(os.Getenv(spenderEnv)); len(args) == 4 {
		if err := spend(args[0], args[1], args[2], args[3]); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	server := newServer(t, xtest.Options{})
	for i := range 900 {
		server.Post(xtest.Post{Text: fmt.Sprintf("acme %d", i), Mentions: true})
	}
	tally := newTally()
	address, file := tallyServer(t, tally), testConfig(t, server).BearerTokenFile
	const kills = 20
	enough := func() bool { return server.Charged().Cost() >= spendersDay/10 }
	over := time.Now().Add(2 * time.Minute)
	var all sync.WaitGroup
	for _, what := range []string{"search", "search", "mentions"} {
		all.Go(func() {
			most := 200
			for died := 0; (died < kills || !enough()) && time.Now().Before(over); died++ {
				cmd := exec.Command(os.Args[0], "-test.run=^TestBudgetOfManyProcesses$")
				cmd.Env = append(os.Environ(), spenderEnv+"="+strings.Join([]string{address, server.URL, file, what}, " "))
				if err := cmd.Start(); err != nil {
					t.Error(err)
					return
				}
				<-time.After(time.Duration(20+rand.IntN(most)) * time.Millisecond)
				_ = cmd.Process.Kill() // it may be at an end
				_ = cmd.Wait()
				if !enough() { // a slow machine does not get far in so short a life
					most = min(most*5/4, 10_000)
				}
			}
		})
	}
	all.Wait()
	cost := server.Charged().Cost()
	if cost > spendersDay+1e-9 {
		t.Errorf("spent %.3f of %.3f USD", cost, spendersDay)
	}
	var counted struct {
		Today float64 `json:"today"`
	}
	if err := json.Unmarshal(tally.records["x.budget"], &counted); err != nil || counted.Today < cost-1e-9 || counted.Today > spendersDay {
		t.Errorf("counted %v of %.3f USD (%v)", counted, cost, err)
	}
	if cost < spendersDay/10 {
		t.Errorf("only %.3f USD were spent: the test shows nothing", cost)
	}
}

// Whatever pages cost, whoever dies before giving back, and wherever midnight
// falls: what is charged in a day is never more than the day's budget.
func TestPurseNeverExceeds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 30, 23, 59, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		limit := float64(rapid.IntRange(1, 300).Draw(t, "cents")) / 100
		budget := listeners.NewBudget(listeners.BudgetOptions{
			Name: "x", Unit: "USD", Limits: listeners.BudgetLimits{Day: limit}, Tally: newTally(), Now: clock,
		})
		p := &purse{budget: budget, price: Price{Post: 0.005}, now: clock}
		charged := map[string]float64{}
		type open struct {
			paid
			count int
		}
		var pending []open
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				count, r, err := p.reservePage(context.Background(), 100, 10, 0.005)
				if err == nil {
					pending = append(pending, open{r, count})
				} else if !errors.Is(err, listeners.ErrSpent) {
					t.Fatal(err)
				}
			case 1: // an answer comes
				if len(pending) == 0 {
					continue
				}
				one := pending[0]
				pending = pending[1:]
				cost := float64(rapid.IntRange(0, one.count).Draw(t, "posts")) * 0.005
				charged[one.day] += cost // by X, when it answered, which was soon after it was asked
				if rapid.Bool().Draw(t, "dies") {
					continue
				}
				if err := p.settle(context.Background(), one.paid, cost); err != nil {
					t.Fatal(err)
				}
			case 2:
				now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			case 3:
				now = now.Add(time.Millisecond)
			}
		}
		for day, cost := range charged {
			if cost > limit+1e-9 {
				t.Fatalf("%.3f of %.3f USD were charged on %s", cost, limit, day)
			}
		}
	})
}

// The stream pays before posts come, and is closed when the money is at an end;
// the day after it goes on and hears what it missed.
func TestStreamIsClosedForWantOfMoney(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{})
	f := newFixture(t, server, func(c *Config) { c.Budget = listeners.BudgetLimits{Day: 0.5} })
	r := newRecord()
	done := make(chan error, 1)
	go func() { done <- f.stream("acme").Listen(t.Context(), nil, r.emit) }()
	streaming(t, server, 1)
	var err error
	heard := 0
	for err == nil && heard < 200 {
		server.Publish(fmt.Sprintf("acme %d", heard))
		heard++
		for waiting := true; waiting && err == nil; {
			select {
			case err = <-done:
			case <-time.After(time.Millisecond):
				waiting = len(r.texts()) < heard
			}
		}
	}
	if retry, is := errors.AsType[*listeners.RetryAfter](err); !is || !errors.Is(err, listeners.ErrSpent) || retry.Wait <= 0 {
		t.Errorf("ended with %v", err)
	}
	if cost := server.Charged().Cost(); cost > 0.5 || cost < 0.2 {
		t.Errorf("spent %.3f of 0.5 USD", cost)
	}
}

// With little money left, pages are small; with too little, X is not asked.
func TestSmallPages(t *testing.T) {
	t.Parallel()
	server := newServer(t, xtest.Options{OldNames: true})
	server.Publish(numbered(500)...)
	f := newFixture(t, server, func(c *Config) { c.Budget = listeners.BudgetLimits{Day: 0.25} })
	f.standing.names[endpointSearch] = tweetNames
	r := newRecord()
	err := ends(t, f.search("acme"), r)
	if !errors.Is(err, listeners.ErrSpent) {
		t.Errorf("ended with %v", err)
	}
	if n := server.Charged().Posts; n < 41 || n > 50 || len(r.texts()) != n {
		t.Errorf("%d posts were charged and %d heard, want nearly 50", n, len(r.texts()))
	}
	before := server.Asked("search")
	if err := ends(t, f.search("acme"), r); !errors.Is(err, listeners.ErrSpent) || server.Asked("search") != before {
		t.Errorf("asked without money; ended with %v", err)
	}
}

// What was paid yesterday is not given back to today.
func TestMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		<-time.After(23*time.Hour + 59*time.Minute + 59*time.Second) // the bubble begins at midnight
		tally := newTally()
		budget := listeners.NewBudget(listeners.BudgetOptions{Name: "x", Unit: "USD", Limits: listeners.BudgetLimits{Day: 1}, Tally: tally})
		p := &purse{budget: budget, now: time.Now}
		yesterday, err := p.reserve(t.Context(), 0.9)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Second)
		if _, err := p.reserve(t.Context(), 0.9); err != nil {
			t.Fatal(err)
		}
		if err := p.settle(t.Context(), yesterday, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := p.reserve(t.Context(), 0.2); !errors.Is(err, listeners.ErrSpent) {
			t.Errorf("more than the day's budget may be spent: %v", err)
		}
	})
}
