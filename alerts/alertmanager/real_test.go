package alertmanager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertmanager"
	"earshot/alerts/sinktest"
	"earshot/alerts/wording"
)

// A real Alertmanager has one alert a case, which becomes more urgent without leaving
// its old self behind, is there once however often it is delivered, and is resolved
// when the case is withdrawn.
func TestAlertmanager(t *testing.T) {
	address := startAlertmanager(t)
	words, _ := wording.New(wording.Options{})
	client := alerts.NewSinkClient(nil)
	t.Cleanup(client.CloseIdleConnections)
	sink, err := alertmanager.Driver().Open(alerts.SinkSetup{Client: client, Words: words, Decode: func(into any) error {
		into.(*alertmanager.Config).URL = address
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	a := sinktest.Alert(1)
	deliver := func(before *alerts.Before) *alerts.Before {
		t.Helper()
		receipt, err := sink.Deliver(t.Context(), alerts.Delivery{Alert: a, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		return &alerts.Before{First: a.ID, Alert: a.ID, At: a.At, Ref: receipt.Ref}
	}
	deliver(nil)
	before := deliver(nil) // as after a crash
	if diff := cmp.Diff([]string{"customer high missing"}, firing(t, address)); diff != "" {
		t.Error(diff)
	}
	a.Urgency, a.Kind, a.Topic = earshot.Critical, earshot.KindCrisis, ""
	before = deliver(before)
	if diff := cmp.Diff([]string{"crisis critical "}, firing(t, address)); diff != "" {
		t.Error(diff)
	}
	a.Why, a.Mention = earshot.BecauseWithdrawn, nil
	deliver(before)
	if diff := cmp.Diff([]string(nil), firing(t, address)); diff != "" {
		t.Error(diff)
	}
}

// firing are the kinds, urgencies and topics of the alerts that fire.
func firing(t *testing.T, address string) []string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v2/alerts", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var all []struct{ Labels map[string]string }
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, a := range all {
		found = append(found, fmt.Sprintf("%s %s %s", a.Labels["kind"], a.Labels["urgency"], a.Labels["topic"]))
	}
	slices.Sort(found)
	return found
}

// startAlertmanager starts the server that is pinned in tools/alertmanager.
func startAlertmanager(t *testing.T) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "tool", "-n", "github.com/prometheus/alertmanager/cmd/alertmanager")
	build.Dir = filepath.Join("..", "..", "tools", "alertmanager")
	var said strings.Builder
	build.Stderr = &said
	binary, err := build.Output()
	if err != nil {
		reason := fmt.Sprintf("building Alertmanager: %v\n%s", err, said.String())
		if os.Getenv("EARSHOT_CI") == "1" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(config, []byte("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	server := exec.Command(strings.TrimSpace(string(binary)), "--config.file="+config, "--storage.path="+dir, //nolint:gosec // the path of a tool that we built
		"--web.listen-address="+address, "--cluster.listen-address=", "--log.level=warn")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	awaitReady(t, "http://"+address)
	return "http://" + address
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func awaitReady(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/-/ready", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("Alertmanager does not get ready")
		}
	}
}
