package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func echo(number int, line []byte, out *bytes.Buffer) error {
	if bytes.HasPrefix(line, []byte("bad")) {
		return errors.New("bad line")
	}
	fmt.Fprintf(out, "%d %s\n", number, line)
	return nil
}

// However the input arrives, every line is worked on once and in its order, with
// its own number.
func TestEachLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.StringMatching(`(bad)?[a-zé]{0,300}`)).Draw(t, "lines")
		input := strings.Join(lines, "\n")
		var want, wantErrors strings.Builder
		count := 0
		for i, line := range lines {
			if i == len(lines)-1 && line == "" {
				break // the end of the last line, not a line of its own
			}
			count++
			if strings.HasPrefix(line, "bad") {
				fmt.Fprintf(&wantErrors, "in:%d:1: bad line\n", i+1)
			} else {
				fmt.Fprintf(&want, "%d %s\n", i+1, line)
			}
		}
		var in io.Reader = strings.NewReader(input)
		if rapid.Bool().Draw(t, "slow") {
			in = iotest.OneByteReader(in)
		}
		var out, errs bytes.Buffer
		got, err := eachLine(context.Background(), "in", in, &out, &errs, echo)
		if err != nil || out.String() != want.String() || errs.String() != wantErrors.String() || got.lines != count {
			t.Fatalf("%v %+v\n got %q\nwant %q\n got %q\nwant %q", err, got, out.String(), want.String(), errs.String(), wantErrors.String())
		}
	})
}

// A line that is too long is told and skipped, and the numbers stay right.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", maxLine-10)
	input := long + "\n" + strings.Repeat("y", 3*maxLine) + "\nlast\n"
	var out, errs bytes.Buffer
	got, err := eachLine(t.Context(), "in", strings.NewReader(input), &out, &errs, echo)
	if err != nil || got != (lineCount{lines: 3, bad: 1}) {
		t.Fatalf("%+v %v", got, err)
	}
	if want := "1 " + long + "\n3 last\n"; out.String() != want {
		t.Errorf("%d bytes of output, want %d", out.Len(), len(want))
	}
	if errs.String() != "in:2:1: the line is longer than 4 MiB\n" {
		t.Errorf("%.100q", errs.String())
	}
}

// However much of the input came at once, a line has at most what the help says.
func TestLongestLine(t *testing.T) {
	fits := strings.Repeat("x", maxLine)
	input := fits + "\n" + fits + "x\nlast\n" + fits + "x"
	for name, in := range map[string]io.Reader{"at once": strings.NewReader(input), "by halves": iotest.HalfReader(strings.NewReader(input))} {
		var out, errs bytes.Buffer
		got, err := eachLine(t.Context(), "in", in, &out, &errs, echo)
		if err != nil || got != (lineCount{lines: 4, bad: 2}) || out.String() != "1 "+fits+"\n3 last\n" {
			t.Errorf("%s: %+v %v, %d bytes", name, got, err, out.Len())
		}
		if want := "in:2:1: the line is longer than 4 MiB\nin:4:1: the line is longer than 4 MiB\n"; errs.String() != want {
			t.Errorf("%s: %.200q", name, errs.String())
		}
	}
}

// An answer does not wait for more input: a person or a program may be at the
// other end.
func TestAnswersAtOnce(t *testing.T) {
	in, typing := io.Pipe()
	reading, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := eachLine(t.Context(), "in", in, out, io.Discard, echo)
		done <- errors.Join(err, out.Close())
	}()
	answer := make([]byte, 100)
	for i := 1; i <= 3; i++ {
		if _, err := fmt.Fprintf(typing, "line\n"); err != nil {
			t.Fatal(err)
		}
		n, err := reading.Read(answer)
		if want := fmt.Sprintf("%d line\n", i); err != nil || string(answer[:n]) != want {
			t.Fatalf("%q %v, want %q", answer[:n], err, want)
		}
	}
	_ = typing.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What cannot be read or written ends the work with that error.
func TestLineErrors(t *testing.T) {
	broken := errors.New("broken")
	_, err := eachLine(t.Context(), "in", iotest.ErrReader(broken), io.Discard, io.Discard, echo)
	if !errors.Is(err, broken) {
		t.Errorf("reading: %v", err)
	}
	out, w := io.Pipe()
	_ = out.CloseWithError(broken)
	_, err = eachLine(t.Context(), "in", strings.NewReader(strings.Repeat("a line\n", 200_000)), w, io.Discard, echo)
	if !errors.Is(err, broken) {
		t.Errorf("writing: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in, _ := io.Pipe()
	if _, err := eachLine(ctx, "in", in, io.Discard, io.Discard, echo); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
