package bus

import (
	"fmt"
	"os"
	"strings"
)

// Config is the bus section of the configuration: an embedded server (Listen)
// or an external one (URL).
type Config struct {
	Listen       string `yaml:"listen,omitempty" json:"listen,omitempty" jsonschema:"description=address of the embedded server; 127.0.0.1:4222 unless there is a url,example=127.0.0.1:4222"`
	URL          string `yaml:"url,omitempty" json:"url,omitempty" jsonschema:"description=address of an external server (nats:// or tls://)"`
	CredsFile    string `yaml:"creds_file,omitempty" json:"creds_file,omitempty" jsonschema:"description=NATS credentials for the external server"`
	NkeyFile     string `yaml:"nkey_file,omitempty" json:"nkey_file,omitempty" jsonschema:"description=nkey seed for the external server"`
	User         string `yaml:"user,omitempty" json:"user,omitempty" jsonschema:"description=user at the external server"`
	PasswordFile string `yaml:"password_file,omitempty" json:"password_file,omitempty" jsonschema:"description=file with the password of user"`
	TLS          TLS    `yaml:"tls,omitempty" json:"tls,omitzero" jsonschema:"description=Files of a TLS set-up: of the client when the server is external, of the listener when it is embedded"`
	Users        []User `yaml:"users,omitempty" json:"users,omitempty" jsonschema:"description=further users of the embedded server"`
	MaxBytes     int64  `yaml:"max_bytes,omitempty" json:"max_bytes,omitempty" jsonschema:"description=most that the store may take,example=20GB"`
	Reserve      int64  `yaml:"reserve,omitempty" json:"reserve,omitempty" jsonschema:"description=free disk below which new posts are refused,example=1GiB"`
	Replicas     int    `yaml:"replicas,omitempty" json:"replicas,omitempty" jsonschema:"description=copies of each stream on an external cluster,minimum=1,maximum=5"`
}

// TLS names the files of a TLS set-up: of the client when the server is
// external, of the listener when it is embedded.
type TLS struct {
	CAFile   string `yaml:"ca_file,omitempty" json:"ca_file,omitempty" jsonschema:"description=Certificates of the authority that is trusted"`
	CertFile string `yaml:"cert_file,omitempty" json:"cert_file,omitempty" jsonschema:"description=Our own certificate"`
	KeyFile  string `yaml:"key_file,omitempty" json:"key_file,omitempty" jsonschema:"description=Key of our own certificate"`
}

// User is somebody who may connect to the embedded server besides the teams.
type User struct {
	Name         string `yaml:"name" json:"name" jsonschema:"description=Name to sign in with: a-z 0-9 and -"`
	Role         Role   `yaml:"role" json:"role" jsonschema:"description=What the user may do,enum=team,enum=person,enum=readonly"`
	Team         string `yaml:"team,omitempty" json:"team,omitempty" jsonschema:"description=Team the user belongs to"`
	PasswordFile string `yaml:"password_file,omitempty" json:"password_file,omitempty" jsonschema:"description=File with the password; without it one is made up and left in the state directory"`
	Nkey         string `yaml:"nkey,omitempty" json:"nkey,omitempty" jsonschema:"description=Public key to sign in with instead of a password"`
}

// DefaultListen is where an embedded server listens unless told otherwise.
const DefaultListen = "127.0.0.1:4222"

// minStore is the smallest store that holds anything worth mentioning.
const minStore = 16 << 20

// minReserve is the smallest reserve that can be asked for: alerts and cases live
// on three quarters of it while new posts are refused.
const minReserve = 16 << 20

// usualReserve is kept unless another is asked for.
const usualReserve = 1 << 30

// reserve is how much of the disk under dir stays free: as configured, else the
// larger of 1 GiB and a twentieth, yet never more than a quarter of the disk.
func (c Config) reserve(dir string) (int64, error) {
	if c.Reserve != 0 {
		return c.Reserve, nil
	}
	space, err := statDisk(dir)
	if err != nil {
		return 0, err
	}
	return min(max(usualReserve, space.total/20), space.total/4), nil
}

// readSecret reads a password file and trims the line end.
func readSecret(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading secret: %w", err)
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("reading secret: %s is empty", path)
	}
	return secret, nil
}
