package strict

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
)

// Fingerprint returns a digest of what a node means: of its keys, its values
// with variables replaced, and of the content of the files that it names. Equal
// digests mean that nothing changed.
func (d *Document) Fingerprint(n *Node) string {
	h := sha256.New()
	d.digest(h, n, "")
	return hex.EncodeToString(h.Sum(nil))
}

func (d *Document) digest(h hash.Hash, n *Node, key string) {
	fmt.Fprintf(h, "%d %d %d:", n.kind, len(n.items), len(n.entries))
	for _, item := range n.items {
		d.digest(h, item, key)
	}
	for _, e := range n.entries {
		fmt.Fprintf(h, "%q:", e.key.text)
		d.digest(h, e.value, e.key.text)
	}
	if n.kind != scalar {
		return
	}
	text := os.Expand(n.text, func(name string) string {
		if d.options.Getenv == nil {
			return ""
		}
		value, _ := d.options.Getenv(name)
		return value
	})
	fmt.Fprintf(h, "%q %q", n.text, text)
	if strings.HasSuffix(key, "_file") {
		d.digestFile(h, text)
	}
}

// digestFile adds the file's content; a file that cannot be read is reported
// when the section is decoded.
func (d *Document) digestFile(h hash.Hash, path string) {
	found, err := d.resolve(path)
	if err != nil {
		return
	}
	f, err := os.Open(found)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	_, _ = io.Copy(h, io.LimitReader(f, MaxSize))
}
