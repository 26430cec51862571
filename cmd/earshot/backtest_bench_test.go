package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkBacktest is earshot backtest as a process of its own over b.N stored
// mentions, one in ten of which raises an alert: mentions/s from its start to its
// end, and its largest memory.
func BenchmarkBacktest(b *testing.B) {
	path := filepath.Join(b.TempDir(), "posts.ndjson")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	posted := time.Now().UTC().Format(time.RFC3339)
	for i := range b.N {
		text := fmt.Sprintf("post %d about acme and nothing in particular, as people write them all day long, with a link", i)
		if i%10 == 0 {
			text += " and furious"
		}
		_, err = fmt.Fprintf(file, `{"id":"bench:%d","network":"bench","text":%q,"posted":%q,"author":{"handle":"@user%d","followers":%d}}`+"\n", i, text, posted, i%1000, i%5000)
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	addrs, state := benchDaemon(b, fmt.Sprintf("  - {name: replay, type: file, path: %s, follow: false}\n", path))
	js := connectAsDaemon(b, addrs.Bus, state)
	eventually(b, "all mentions are stored", func() error {
		stream, err := js.Stream(b.Context(), "EARSHOT_MENTIONS")
		if err != nil {
			return err
		}
		if n := stream.CachedInfo().State.Msgs; n < uint64(b.N)+1 { // and the cursor
			return fmt.Errorf("%d of %d", n, b.N)
		}
		return nil
	})
	changed := filepath.Join(b.TempDir(), "new.yaml")
	text := strings.NewReplacer("urgency: 50", "urgency: 70", "state: %[1]s\n", "", "bus: {listen: %[2]s}\n", "", "http: {listen: %[3]s}\n", "", "listeners:\n", "").Replace(benchDaemonConfig)
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self, "backtest", "-c", changed, "--since", "1h", "--server", addrs.Bus, "--user", "daemon",
		"--password-file", filepath.Join(state, "credentials", "daemon"))
	cmd.Env = append(os.Environ(), daemonVariable+"=1")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, io.Discard
	b.ResetTimer()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	peak, tick := int64(0), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-tick.C: // what the kernel says at its end counts the memory of this process, too
			peak = max(peak, peakMemory(cmd.Process.Pid))
		}
	}
	b.StopTimer()
	if want := fmt.Sprintf("%d mentions stored since", b.N); err != nil || !strings.Contains(out.String(), want) && b.N > 1 {
		b.Fatalf("%v, not %s:\n%s", err, want, out.String())
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mentions/s")
	b.ReportMetric(float64(b.N)/(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()).Seconds(), "mentions/cpu-s")
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
}

// peakMemory is the most memory that a running process has had so far, in bytes; 0
// if it has ended.
func peakMemory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		return 0
	}
	return kilobytes << 10
}
