package bus_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"earshot"
	"earshot/bus"
)

// A power cut is played on an ext4 file system in a file: a writer in a process of
// its own is stopped dead, the file is copied as it lies there, and the copy is
// mounted. What the file system still had in memory is not in the copy, as after
// a cut; what fsync promised is.
//
// The writer is stopped while the copy is made, for a copy of a disk that is
// written to is of no single moment and would break what no power cut breaks.
func TestPowerCut(t *testing.T) {
	if dir := os.Getenv("EARSHOT_POWERCUT_WRITER"); dir != "" {
		powerCutWriter(t, dir)
		return
	}
	if os.Getenv("EARSHOT_POWERCUT") != "1" && os.Getenv("EARSHOT_CI") != "1" {
		t.Skip("the power-cut test runs as make powercut (EARSHOT_POWERCUT=1); it needs root and loop devices")
	}
	if os.Geteuid() != 0 {
		unavailable(t, "mounting needs root")
	}
	cuts, err := strconv.Atoi(os.Getenv("EARSHOT_CUTS"))
	if err != nil {
		cuts = 10
	}
	work := t.TempDir()
	disk := filepath.Join(work, "disk.img")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, 512<<20); err != nil {
		t.Fatal(err)
	}
	command(t, "mkfs.ext4", "-q", "-F", disk)
	live := mount(t, disk, filepath.Join(work, "live"))
	w := startWriter(t, live)
	torn := 0
	for n := range cuts {
		w.runFor(t, 200*time.Millisecond+rand.N(800*time.Millisecond))
		acked, unsynced := w.stop(t)
		cut := filepath.Join(work, fmt.Sprintf("cut-%d.img", n))
		command(t, "cp", "--sparse=always", disk, cut)
		w.goOn(t)
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			if afterCut(t, cut, acked, unsynced) {
				torn++
			}
		})
		if err := os.Remove(cut); err != nil {
			t.Fatal(err)
		}
	}
	// The kernel writes everything down now and then, which may be just before a cut.
	if torn == 0 {
		t.Error("what nobody synced survived every time: these were no power cuts")
	}
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		unavailable(t, fmt.Sprintf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out))
	}
}

func mount(t *testing.T, image, dir string) string {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	command(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, out)
		}
	})
	return dir
}

// acknowledged is what the writer was told is safe.
type acknowledged struct {
	batches int // of mentions
	alerts  int
}

// writer is the process that writes, and what it said so far.
type writer struct {
	cmd      *exec.Cmd
	mu       sync.Mutex
	acked    acknowledged
	unsynced int
	said     chan struct{}
}

func startWriter(t *testing.T, dir string) *writer {
	t.Helper()
	w := &writer{cmd: exec.Command(os.Args[0], "-test.run=^TestPowerCut$", "-test.v"), said: make(chan struct{}, 1)}
	w.cmd.Env = append(os.Environ(), "EARSHOT_POWERCUT_WRITER="+dir)
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		w.listen(out)
	}()
	t.Cleanup(func() {
		_ = w.cmd.Process.Kill()
		<-read
		_ = w.cmd.Wait()
	})
	return w
}

func (w *writer) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var what string
		var n int
		if _, err := fmt.Sscan(lines.Text(), &what, &n); err != nil {
			continue
		}
		w.mu.Lock()
		switch what {
		case "batches":
			w.acked.batches = n
		case "alerts":
			w.acked.alerts = n
		case "unsynced":
			w.unsynced = n
		}
		w.mu.Unlock()
		select {
		case w.said <- struct{}{}:
		default:
		}
	}
}

// runFor lets the writer work for a while, and on until it has said something.
func (w *writer) runFor(t *testing.T, d time.Duration) {
	t.Helper()
	<-time.After(d)
	select {
	case <-w.said:
	case <-time.After(patience):
		t.Fatal("the writer says nothing")
	}
}

// stop freezes the process with all its threads, and returns what it had said.
func (w *writer) stop(t *testing.T) (acknowledged, int) {
	t.Helper()
	w.mu.Lock()
	acked, unsynced := w.acked, w.unsynced
	w.mu.Unlock()
	if err := w.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "the writer to stop", func() bool {
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", w.cmd.Process.Pid))
		if err != nil || len(stats) == 0 {
			return false
		}
		for _, path := range stats {
			data, err := os.ReadFile(path)
			if _, rest, ok := strings.Cut(string(data), ") "); err != nil || !ok || rest[0] != 'T' {
				return false
			}
		}
		return true
	})
	return acked, unsynced
}

func (w *writer) goOn(t *testing.T) {
	t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

const powerCutBatch = 50

// afterCut opens the store on the copy and compares it with what was acknowledged.
// It reports whether anything was lost that nobody had synced.
func afterCut(t *testing.T, image string, acked acknowledged, unsynced int) (torn bool) {
	dir := mount(t, image, strings.TrimSuffix(image, ".img"))
	info, err := os.Stat(filepath.Join(dir, "unsynced"))
	torn = err != nil || info.Size() < int64(unsynced)
	b := open(t, powerCutOptions(t, dir))
	defer shut(t, b)
	cursor, _, err := b.Cursor(t.Context(), "feed", "p")
	if err != nil {
		t.Fatal(err)
	}
	batches, _ := strconv.Atoi(string(cursor))
	if batches < acked.batches {
		t.Errorf("the cursor is at batch %d, %d were acknowledged", batches, acked.batches)
	}
	seen := make(map[string]int)
	for _, line := range stored(t, b, batches*powerCutBatch) {
		seen[line]++
	}
	if len(seen) != batches*powerCutBatch {
		t.Errorf("%d different mentions with the cursor at batch %d of %d", len(seen), batches, powerCutBatch)
	}
	at, err := b.Progress(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if int(at.Sequence) < acked.alerts {
		t.Errorf("the progress is at %d, %d were acknowledged", at.Sequence, acked.alerts)
	}
	if ids := alertIDs(t, b.URL(), secret(t, dir, "daemon")); len(ids) != int(at.Sequence) {
		t.Errorf("%d alerts with the progress at %d", len(ids), at.Sequence)
	}
	t.Logf("acknowledged %d batches and %d alerts, found %d and %d", acked.batches, acked.alerts, batches, at.Sequence)
	return torn
}

func powerCutOptions(t *testing.T, dir string) bus.Options {
	return options(t, func(o *bus.Options) {
		o.Dir, o.Config.MaxBytes = dir, 256<<20
	})
}

// powerCutWriter writes until it is killed and says what is acknowledged. Beside
// that it writes a file that it never syncs, to prove that a cut loses something.
func powerCutWriter(t *testing.T, dir string) {
	b := open(t, powerCutOptions(t, dir))
	junk, err := os.Create(filepath.Join(dir, "unsynced"))
	if err != nil {
		t.Fatal(err)
	}
	defer junk.Close()
	alerts := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { alerts <- powerCutAlerts(ctx, b) }()
	var revision uint64
	for n := 1; n <= 20000; n++ {
		batch := bus.Batch{Listener: "feed", Part: "p", Revision: revision, Next: earshot.Cursor(strconv.Itoa(n))}
		for i := range powerCutBatch {
			batch.Mentions = append(batch.Mentions, mention(n*powerCutBatch+i, "acme"))
		}
		done, err := b.Commit(ctx, batch)
		if err != nil {
			t.Fatal(err)
		}
		revision = done.Revision
		if _, err := junk.WriteString("nobody syncs this\n"); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("batches %d\nunsynced %d\n", n, n*18)
	}
	cancel()
	<-alerts
}

func powerCutAlerts(ctx context.Context, b *bus.Bus) error {
	var revision uint64
	for n := 1; ; n++ {
		revisions, err := b.Publish(ctx, []earshot.Alert{alert(strconv.Itoa(n), "cs", 1)}, nil,
			[]earshot.Progress{{Brand: "acme", Sequence: uint64(n), Revision: revision}})
		if err != nil {
			return err
		}
		revision = revisions[0]
		fmt.Printf("alerts %d\n", n)
	}
}
