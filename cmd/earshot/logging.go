package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

func logLevels() []string  { return []string{"debug", "info", "warn", "error"} }
func logFormats() []string { return []string{"auto", "console", "json", "journal"} }

// newLogger returns the logger of the program on stderr. An empty section means
// the defaults.
func newLogger(c LogConfig, stderr io.Writer) (*zap.Logger, error) {
	level := zapcore.InfoLevel
	if c.Level != "" {
		if err := level.Set(c.Level); err != nil {
			return nil, fmt.Errorf("choosing the log level: %w", err)
		}
	}
	format := c.Format
	if format == "" || format == "auto" {
		format = detectFormat(stderr, os.Getenv("JOURNAL_STREAM"))
	}
	core := zapcore.NewCore(newEncoder(format), zapcore.Lock(zapcore.AddSync(stderr)), level)
	return zap.New(core, zap.ErrorOutput(zapcore.Lock(zapcore.AddSync(stderr)))), nil
}

// detectFormat is console on a terminal, journal when systemd reads stderr, and
// JSON elsewhere.
func detectFormat(stderr io.Writer, journalStream string) string {
	f, ok := stderr.(*os.File)
	switch {
	case !ok:
		return "json"
	case term.IsTerminal(int(f.Fd())):
		return "console"
	case isJournal(f, journalStream):
		return "journal"
	}
	return "json"
}

// isJournal reports whether f is the stream that systemd names in
// JOURNAL_STREAM as device:inode. The variable alone is not enough: it is
// inherited by children whose output goes elsewhere.
func isJournal(f *os.File, journalStream string) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && journalStream == fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}

func newEncoder(format string) zapcore.Encoder {
	c := zapcore.EncoderConfig{
		MessageKey: "msg", LevelKey: "level", TimeKey: "time", NameKey: "logger", StacktraceKey: "stack",
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
		EncodeDuration: zapcore.StringDurationEncoder,
		EncodeName:     zapcore.FullNameEncoder,
	}
	switch format {
	case "console":
		c.EncodeTime = zapcore.TimeEncoderOfLayout(time.TimeOnly)
		c.EncodeLevel = zapcore.LowercaseColorLevelEncoder
		return zapcore.NewConsoleEncoder(c)
	case "journal":
		// The journal has time and level of its own.
		c.TimeKey, c.LevelKey = "", ""
		return journalEncoder{zapcore.NewConsoleEncoder(c)}
	}
	return zapcore.NewJSONEncoder(c)
}

// journalEncoder puts the syslog priority in front of each line, as sd-daemon(3)
// asks.
type journalEncoder struct{ zapcore.Encoder }

// Clone returns a copy that keeps the prefix.
func (e journalEncoder) Clone() zapcore.Encoder { return journalEncoder{e.Encoder.Clone()} }

// EncodeEntry encodes an entry, each line of it with the priority in front.
func (e journalEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	line, err := e.Encoder.EncodeEntry(entry, fields)
	if err != nil {
		return nil, err
	}
	prefix := fmt.Sprintf("<%d>", priority(entry.Level))
	text := strings.TrimSuffix(line.String(), "\n")
	line.Reset()
	line.AppendString(prefix + strings.ReplaceAll(text, "\n", "\n"+prefix) + "\n")
	return line, nil
}

// priority is the level in the numbers of syslog(3).
func priority(level zapcore.Level) int {
	switch {
	case level >= zapcore.DPanicLevel:
		return 2
	case level == zapcore.ErrorLevel:
		return 3
	case level == zapcore.WarnLevel:
		return 4
	case level == zapcore.InfoLevel:
		return 6
	}
	return 7
}
