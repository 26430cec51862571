package bus

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	natsserver "github.com/nats-io/nats-server/v2/server"
)

// Schema is the version of what earshot writes to its streams and its state
// directory. A store with a higher one is refused untouched.
const Schema = 1

// state is the hold of one daemon on its state directory.
type state struct {
	dir     string
	lock    *os.File
	knowing sync.Mutex // who this daemon is: leases are taken at the same time
}

// version is the content of the file of that name.
type version struct {
	Schema int    `json:"schema"`
	Level  int    `json:"level"` // of the JetStream API the store needs
	NATS   string `json:"nats"`  // the server that wrote the store, for people
}

// openState takes the directory for this process alone and checks that its
// content is not newer than the program.
func openState(dir string) (*state, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("making the state directory: %w", err)
	}
	if err := checkVersion(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "lock")
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		_ = lock.Close()
		return nil, fmt.Errorf("state directory %s is in use by another earshot (process %s): stop it, or give this one a state directory of its own",
			dir, strings.TrimSpace(string(holder)))
	}
	if err := errors.Join(lock.Truncate(0), writeAt(lock, fmt.Sprintln(os.Getpid()))); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("writing the lock: %w", err)
	}
	return &state{dir: dir, lock: lock}, nil
}

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

func (s *state) close() error { return s.lock.Close() }

func checkVersion(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "version"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the version of the state: %w", err)
	}
	var v version
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Join(dir, "version"), err)
	}
	if v.Level > natsserver.JSApiLevel {
		return fmt.Errorf("the store in %s was written by a newer NATS server (%s) than the one in this earshot (%s): nothing was touched; install the newer version, or restore a backup",
			dir, v.NATS, natsserver.VERSION)
	}
	return checkSchema(v.Schema, "state directory "+dir)
}

func checkSchema(schema int, what string) error {
	if schema > Schema {
		return fmt.Errorf("%s was written by a newer earshot (schema %d, this one knows %d): nothing was touched; install the newer version, or restore a backup",
			what, schema, Schema)
	}
	return nil
}

func writeVersion(dir string) error {
	data, err := json.Marshal(version{Schema: Schema, Level: natsserver.JSApiLevel, NATS: natsserver.VERSION})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "version"), append(data, '\n'), 0o644)
}

// writeFile replaces a file so that a crash leaves the old one or the new one.
func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// identity is who this daemon is among others, the same after a restart.
func (s *state) identity() (string, error) {
	s.knowing.Lock()
	defer s.knowing.Unlock()
	path := filepath.Join(s.dir, "identity")
	if data, err := os.ReadFile(path); err == nil && len(data) > 0 {
		return strings.TrimSpace(string(data)), nil
	}
	id := rand.Text()
	if err := writeFile(path, []byte(id+"\n"), 0o644); err != nil {
		return "", fmt.Errorf("writing the identity: %w", err)
	}
	return id, nil
}

// credential returns the password of a user, made up the first time and left in
// a file that only the daemon's user can read.
func credential(dir, name string) (string, error) {
	folder := filepath.Join(dir, "credentials")
	path := filepath.Join(folder, name)
	if data, err := os.ReadFile(path); err == nil && len(data) > 0 {
		return strings.TrimSpace(string(data)), nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("making the folder of credentials: %w", err)
	}
	password := rand.Text()
	if err := writeFile(path, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing a credential: %w", err)
	}
	return password, nil
}

// freshPassword makes up a password for the daemon's own user at every start and
// leaves it where commands on this machine find it.
func freshPassword(dir string) (string, error) {
	if err := os.Remove(filepath.Join(dir, "credentials", daemonUser)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("replacing the daemon's credential: %w", err)
	}
	return credential(dir, daemonUser)
}
