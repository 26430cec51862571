package alerts

import (
	"net/url"

	"earshot"
)

// Configured fills the configuration of a sink, which holds the defaults, and has it
// checked. Its error is for people as it is.
func Configured[C any](setup SinkSetup, config C, check func(*C) earshot.Problems) (C, error) {
	if err := setup.Decode(&config); err != nil {
		return config, err
	}
	if problems := check(&config); problems.Fatal() {
		return config, problems
	}
	return config, nil
}

// Missing reports a key that must be there and is not.
func Missing(key, value, hint string) earshot.Problems {
	if value != "" {
		return nil
	}
	return earshot.Problems{{Path: key, What: key + " is missing", Hint: hint}}
}

// NotAddress reports a key that does not hold the address of a web server. Logins
// belong into files, not into addresses.
func NotAddress(key, value, hint string) earshot.Problems {
	switch u := webAddress(value); {
	case u == nil:
		return earshot.Problems{{Path: key, What: "not an address", Hint: hint}}
	case u.User != nil:
		return earshot.Problems{{Path: key, What: "the address holds a login", Hint: "write it into a file that another key names"}}
	}
	return nil
}

// webAddress is an address that can be called, or nil.
func webAddress(raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil
	}
	return u
}
