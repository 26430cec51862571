package proof

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// Suite is what came of the cases of one file.
type Suite struct {
	Name  string
	Cases []Ran
}

// Ran is a case that was run.
type Ran struct {
	Case   *Case
	Result Result
	Took   time.Duration
}

// The form that CI servers read: testsuites of testsuites of testcases.
type (
	junit struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		Classname string        `xml:"classname,attr"`
		File      string        `xml:"file,attr"`
		Line      int           `xml:"line,attr"`
		Time      string        `xml:"time,attr"`
		Failure   *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a report in the form of JUnit's XML. Characters that XML
// cannot hold are replaced.
func WriteJUnit(w io.Writer, suites []Suite) error {
	all := junit{}
	total := time.Duration(0)
	for _, s := range suites {
		suite, took := junitSuite{Name: s.Name, Tests: len(s.Cases)}, time.Duration(0)
		for i := range s.Cases {
			c := &s.Cases[i]
			one := junitCase{Name: c.Case.Name, Classname: s.Name, File: c.Case.At.File, Line: c.Case.At.Line, Time: seconds(c.Took)}
			if failures := c.Result.Failures; len(failures) > 0 {
				suite.Failures++
				one.Failure = &junitFailure{Message: failures[0].What, Type: "expectation", Text: report(failures)}
			}
			suite.Cases = append(suite.Cases, one)
			took += c.Took
		}
		suite.Time = seconds(took)
		total += took
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Suites = append(all.Suites, suite)
	}
	all.Time = seconds(total)
	text, err := xml.MarshalIndent(all, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return nil
}

func report(failures []Failure) string {
	var b strings.Builder
	for _, f := range failures {
		fmt.Fprintf(&b, "%s:%d: %s\n", f.At.File, f.At.Line, f.What)
		for _, why := range f.Why {
			b.WriteString("    " + why + "\n")
		}
	}
	return b.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
