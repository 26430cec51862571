package bluesky

import _ "embed"

// dictionary is what Jetstream packs its messages with: number 1612007021 of
// github.com/bluesky-social/jetstream v0.2.0, used unchanged under the MIT
// licence beside it.
//
//go:embed jetstream.zdict
var dictionary []byte

// Dictionary returns what Jetstream packs its messages with. It must not be
// changed.
func Dictionary() []byte { return dictionary }
