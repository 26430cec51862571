package strict

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value returns what is written at a node that is not text: unquoted, or from
// the environment.
func (d *Document) value(n *Node) (string, bool) {
	if n.kind != scalar {
		d.Report(n, "a single value is expected here", "")
		return "", false
	}
	return d.expand(n)
}

// Text returns the text written at a node under the given key, with ${NAME}
// replaced unless the key is verbatim, and the file found when the key ends in
// _file.
func (d *Document) Text(n *Node, key string) (string, bool) {
	if n.lost {
		return "", false
	}
	if n.kind == empty && n.eaten && slices.Contains(d.options.Verbatim, key) {
		d.warnEaten(n)
		return "", true
	}
	if n.kind != scalar {
		d.Report(n, "a text is expected here", "write it on one line, in quotes if it holds : or #")
		return "", false
	}
	if n.style == plain && slices.Contains([]string{"true", "false", "yes", "no", "on", "off"}, strings.ToLower(n.text)) {
		d.Report(n, "a text is expected here, and YAML may read this as true or false", "quote it")
		return "", false
	}
	if n.number {
		d.Report(n, "a text is expected here, and YAML reads this as a number", "quote it")
		return "", false
	}
	if slices.Contains(d.options.Verbatim, key) {
		if n.eaten {
			d.warnEaten(n)
		}
		return n.text, true
	}
	text, ok := d.expand(n)
	if ok && strings.HasSuffix(key, "_file") && text != "" {
		return d.file(n, key, text)
	}
	if ok && slices.Contains(d.options.Paths, key) && text != "" && !filepath.IsAbs(text) {
		text = filepath.Join(d.options.Dir, text)
	}
	return text, ok
}

func (d *Document) warnEaten(n *Node) {
	d.Warn(n, "YAML takes the # and all after it on this line for a comment", "quote the text, or begin it with |, if the # is part of it")
}

var variable = regexp.MustCompile(`\$\$|\$\{([^}]*)\}|\$\{`)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${NAME} by the variable of the environment; $$ is one $.
func (d *Document) expand(n *Node) (string, bool) {
	ok := true
	text := variable.ReplaceAllStringFunc(n.text, func(found string) string {
		if found == "$$" {
			return "$"
		}
		name, closed := strings.CutSuffix(found[2:], "}")
		if !closed {
			d.Report(n, "a ${ that is never closed", "write ${NAME}, or $${ for the characters themselves")
			ok = false
			return ""
		}
		if !variableName.MatchString(name) {
			d.Report(n, "${…} does not hold the name of a variable", "write ${NAME}, or $${ for the characters themselves")
			ok = false
			return ""
		}
		if d.options.Getenv != nil {
			if value, set := d.options.Getenv(name); set {
				if len(value) > 3 { // shorter ones would only garble what is said
					d.expanded = append(d.expanded, value, found, strings.ToLower(value), found)
				}
				return value
			}
		}
		d.Report(n, "the environment variable "+name+" is not set", "set it, or use a file")
		ok = false
		return ""
	})
	return text, ok
}

// file returns the path of a readable file. Neither a path that leads nowhere,
// which may be a secret written into the wrong key, nor the content is told.
func (d *Document) file(n *Node, key, path string) (string, bool) {
	found, err := d.resolve(path)
	if err == nil {
		return found, true
	}
	missing := errors.Is(err, fs.ErrNotExist) || found == ""
	if missing && d.later {
		d.Warn(n, key+": there is no such file yet", "write it before it is needed: the value is the path of a file that holds the secret")
		if !filepath.IsAbs(path) {
			path = filepath.Join(d.options.Dir, path)
		}
		return path, true
	}
	if missing {
		where := "in " + d.options.Dir
		if d.options.Credentials != "" {
			where += " or " + d.options.Credentials
		}
		if filepath.IsAbs(path) {
			where = "at this path"
		}
		d.Report(n, fmt.Sprintf("%s: there is no such file %s", key, where), "the value is the path of a file that holds the secret")
		return path, false
	}
	d.Report(n, fmt.Sprintf("%s: %s cannot be read: %s", key, found, reason(err)), "let the user that runs earshot read it")
	return path, false
}

func reason(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err.Error()
	}
	return "it is not a file"
}

func (d *Document) resolve(path string) (string, error) {
	candidates := []string{path}
	if !filepath.IsAbs(path) {
		candidates = []string{filepath.Join(d.options.Dir, path)}
		if d.options.Credentials != "" {
			candidates = append(candidates, filepath.Join(d.options.Credentials, path))
		}
	}
	var problem error
	for _, candidate := range candidates {
		err := readable(candidate)
		if err == nil {
			return candidate, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return candidate, err
		}
		problem = err
	}
	return "", problem
}

func readable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

var sizeUnits = []struct {
	suffix string
	factor float64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"kB", 1e3},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
}

// parseSize reads a number of bytes with a unit, such as 16MiB.
func parseSize(text string) (int64, bool) {
	for _, unit := range sizeUnits {
		number, found := strings.CutSuffix(text, unit.suffix)
		if !found {
			continue
		}
		count, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		size := count * unit.factor
		return int64(size), err == nil && size >= 0 && size < 1<<62
	}
	return 0, false
}

var (
	dayOrWeek = regexp.MustCompile(`(\d+(?:\.\d+)?)([dw])`)
	errShape  = errors.New("not a duration")
)

// ParseDuration reads a duration as time.ParseDuration does and accepts days
// (d, 24 hours) and weeks (w) before the other units. Durations are not
// negative.
func ParseDuration(text string) (time.Duration, error) {
	var total float64
	rest := text
	for {
		m := dayOrWeek.FindStringSubmatchIndex(rest)
		if m == nil || m[0] != 0 {
			break
		}
		count, err := strconv.ParseFloat(rest[m[2]:m[3]], 64)
		if err != nil {
			return 0, errShape
		}
		unit := 24 * time.Hour
		if rest[m[4]:m[5]] == "w" {
			unit *= 7
		}
		total += count * float64(unit)
		rest = rest[m[1]:]
	}
	days := total > 0 || rest != text
	if rest != "" || !days {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 || rest[0] == '+' || rest[0] == '-' {
			return 0, errShape
		}
		total += float64(d)
	}
	if total >= float64(1<<63-1) {
		return 0, errShape
	}
	return time.Duration(total), nil
}
