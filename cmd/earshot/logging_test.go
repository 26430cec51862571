package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"syscall"
	"testing"

	"go.uber.org/zap"
)

func logged(t *testing.T, c LogConfig, say func(*zap.Logger)) string {
	t.Helper()
	var b bytes.Buffer
	log, err := newLogger(c, &b)
	if err != nil {
		t.Fatal(err)
	}
	say(log)
	return b.String()
}

// Each format is what its reader expects.
func TestLogFormats(t *testing.T) {
	say := func(log *zap.Logger) {
		log.Debug("unsaid")
		log.Named("bus").Warn("server is away", zap.String("listener", "a\nb"))
	}
	for format, want := range map[string]string{
		"json":    `^\{"level":"warn","time":"[^"]+","logger":"bus","msg":"server is away","listener":"a\\nb"\}\n$`,
		"auto":    `^\{"level":"warn"`,
		"":        `^\{"level":"warn"`,
		"journal": `^<4>bus\tserver is away\t\{"listener": "a\\nb"\}\n$`,
		"console": `server is away`,
	} {
		if got := logged(t, LogConfig{Format: format}, say); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: %q does not match %s", format, got, want)
		}
	}
}

// Each line of a journal entry carries the priority of its level.
func TestJournalPriorities(t *testing.T) {
	got := logged(t, LogConfig{Level: "debug", Format: "journal"}, func(log *zap.Logger) {
		log = log.With(zap.Int("n", 1))
		log.Debug("d")
		log.Info("i")
		log.Warn("w")
		log.Error("e\nmore")
	})
	want := "<7>d\t{\"n\": 1}\n<6>i\t{\"n\": 1}\n<4>w\t{\"n\": 1}\n<3>e\n<3>more\t{\"n\": 1}\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Only the very stream that systemd reads gets its prefixes.
func TestDetectFormat(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("a file has no inode: is this Linux?")
	}
	stream := fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
	if got := detectFormat(f, stream); got != "journal" {
		t.Errorf("the journal's own stream: %s", got)
	}
	if got := detectFormat(f, "1:1"); got != "json" {
		t.Errorf("another stream: %s", got)
	}
	if got := detectFormat(&bytes.Buffer{}, stream); got != "json" {
		t.Errorf("no file: %s", got)
	}
}

// A level that does not exist is an error, not a guess.
func TestLogLevel(t *testing.T) {
	if _, err := newLogger(LogConfig{Level: "loud"}, &bytes.Buffer{}); err == nil {
		t.Error("loud is taken for a level")
	}
}
