package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"earshot"
)

// schemaKey is where a stream says which version of earshot's schema it has.
const schemaKey = "earshot.schema"

// slack keeps a stored mention a little longer than a post of its age is
// accepted, so that no clock can make it be heard twice.
const slack = time.Hour

// Shares of the store in percent. Alerts and cases are larger than posts and kept
// twice as long: with one post in eight alerting, all fill up at about the same time.
const (
	mentionsShare = 45
	casesShare    = 25
	alertsShare   = 25
	drillShare    = 2
	sinksShare    = 1
)

// streams are what earshot keeps, with limits for a store of the given size.
func (b *Bus) streams(store int64) []jetstream.StreamConfig {
	stream := func(name, description string, age time.Duration, share int64, subjects ...string) jetstream.StreamConfig {
		size := int64(-1)
		if store > 0 {
			size = store / 100 * share
		}
		return jetstream.StreamConfig{
			Name: name, Description: description, Subjects: subjects,
			Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage,
			MaxAge: age, MaxBytes: size, MaxMsgs: -1, MaxMsgsPerSubject: -1, Replicas: max(b.config.Replicas, 1),
			Duplicates:         min(2*time.Minute, age),
			AllowAtomicPublish: true, AllowRollup: true, AllowMsgTTL: true, AllowDirect: true,
			Metadata: map[string]string{schemaKey: strconv.Itoa(Schema)},
		}
	}
	return []jetstream.StreamConfig{
		stream(streamMentions, "judged mentions, cursors and dead letters", b.retention+slack, mentionsShare,
			"earshot.mentions.>", "earshot.private.>", "earshot.cursors.>", "earshot.dlq.>"),
		// A case outlives the mentions that an edit or a late reply renewed.
		stream(streamCases, "every change of every case, notes on them, and what is held", 2*b.retention+slack, casesShare,
			"earshot.cases.>", "earshot.notes.>", "earshot.held.>"),
		stream(streamAlerts, "alerts, and how far they have come", 2*b.retention+slack, alertsShare,
			"earshot.alerts.>", "earshot.progress.>"),
		stream(streamDrill, "drills", b.retention+slack, drillShare, "earshot.drill.>"),
		stream(streamSinks, "what sinks have delivered", 2*b.retention+slack, sinksShare, "earshot.sinks.>"),
	}
}

// storeBytes is how much all streams together may take: as configured, and on an
// embedded server never more than the disk has room for. 0 is without a limit.
func (b *Bus) storeBytes() int64 {
	limit := b.config.MaxBytes
	if b.server != nil {
		room := b.server.maxStore - b.disk.reserve*3/4
		if limit == 0 || limit > room {
			limit = max(room, minStore)
		}
	}
	return limit
}

// ensureStreams creates what is missing, adapts limits, and refuses a store that
// a newer earshot has written before it touches anything.
func (b *Bus) ensureStreams(ctx context.Context) error {
	wanted := b.streams(b.storeBytes())
	for _, want := range wanted {
		if err := b.checkStream(ctx, want.Name); err != nil {
			return err
		}
	}
	for _, want := range wanted {
		if err := b.ensureStream(ctx, want); err != nil {
			return err
		}
	}
	return b.ensureBuckets(ctx)
}

func (b *Bus) checkStream(ctx context.Context, name string) error {
	info, err := b.streamInfo(ctx, name)
	if err != nil || info == nil {
		return err
	}
	schema, _ := strconv.Atoi(info.Config.Metadata[schemaKey])
	return checkSchema(schema, "stream "+name)
}

// streamInfo returns nil for a stream that does not exist.
func (b *Bus) streamInfo(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	var info *jetstream.StreamInfo
	err := b.link.retry(ctx, func() error {
		stream, err := b.link.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil
		}
		if err != nil {
			return b.link.managing(ctx, "looking at stream "+name, err)
		}
		info = stream.CachedInfo()
		return nil
	})
	return info, err
}

func (b *Bus) ensureStream(ctx context.Context, want jetstream.StreamConfig) error {
	have, err := b.streamInfo(ctx, want.Name)
	if err != nil {
		return err
	}
	if have != nil && b.config.Replicas == 0 {
		want.Replicas = have.Config.Replicas
	}
	if have != nil && b.config.MaxBytes == 0 && b.server == nil {
		want.MaxBytes = have.Config.MaxBytes
	}
	err = b.link.retry(ctx, func() error {
		_, err := b.link.js.CreateOrUpdateStream(ctx, want)
		return b.link.managing(ctx, "preparing stream "+want.Name, err)
	})
	if have == nil || err == nil {
		return err
	}
	// What cannot be adapted (no permission, less room than was promised) may
	// stay as it is, as long as it keeps the guarantees.
	if problem := unfit(have.Config, want); problem != "" {
		return fmt.Errorf("stream %s %s, and changing it was refused: %w (change it with `nats stream edit`, or let the daemon do it)",
			want.Name, problem, err)
	}
	b.log.Warn("stream keeps its settings", zap.String("stream", want.Name), zap.Error(err))
	return nil
}

// unfit says what a stream lacks to keep earshot's guarantees.
func unfit(have, want jetstream.StreamConfig) string {
	switch {
	case !have.AllowAtomicPublish:
		return "does not allow atomic batches"
	case !have.AllowRollup:
		return "does not allow rollups"
	case !have.AllowMsgTTL:
		return "does not allow message TTLs"
	case !have.AllowDirect:
		return "does not allow direct gets"
	case have.Discard != jetstream.DiscardNew:
		return "discards old messages when it is full"
	case have.Retention != jetstream.LimitsPolicy:
		return "is not kept by limits"
	case have.Storage != jetstream.FileStorage:
		return "is kept in memory"
	case len(have.Subjects) < len(want.Subjects):
		return "lacks subjects"
	}
	return ""
}

func (b *Bus) ensureBuckets(ctx context.Context) error {
	for _, want := range []jetstream.KeyValueConfig{
		{
			Bucket: bucketLeases, Description: "who does what only one may do", LimitMarkerTTL: time.Minute,
			Replicas: max(b.config.Replicas, 1), MaxBytes: 1 << 20,
		},
		{
			Bucket: bucketSettings, Description: "mutes, users, sign-ins", History: 5,
			Replicas: max(b.config.Replicas, 1), MaxBytes: 8 << 20,
		},
	} {
		err := b.link.retry(ctx, func() error {
			_, err := b.link.js.KeyValue(ctx, want.Bucket)
			if errors.Is(err, jetstream.ErrBucketNotFound) {
				_, err = b.link.js.CreateKeyValue(ctx, want)
			}
			return b.link.managing(ctx, "preparing bucket "+want.Bucket, err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ensureDurables creates the durable of every team: a place to resume from for
// clients that must not miss an alert.
func (b *Bus) ensureDurables(ctx context.Context) error {
	b.mu.Lock()
	teams := b.teams
	b.mu.Unlock()
	if !slices.Contains(teams, earshot.Ops) {
		teams = append(slices.Clone(teams), earshot.Ops)
	}
	for _, team := range teams {
		if err := tokens(team); err != nil {
			return err
		}
		err := b.link.retry(ctx, func() error {
			_, err := b.link.js.CreateOrUpdateConsumer(ctx, streamAlerts, jetstream.ConsumerConfig{
				Durable: team, Description: "alerts of team " + team,
				FilterSubject: "earshot.alerts." + team + ".>",
				AckPolicy:     jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverAllPolicy,
				AckWait: 30 * time.Second, MaxAckPending: 1000,
			})
			return b.link.managing(ctx, "preparing durable "+team, err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// managing turns an error of a management call into errAway where asking again
// can help, and says what was being done.
func (l *link) managing(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	// A server does not answer what it does not allow.
	if denied := l.nc.LastError(); errors.Is(denied, nats.ErrPermissionViolation) {
		return fmt.Errorf("%s: %w (give the daemon's user the permissions of docs/nats.md)", doing, denied)
	}
	var api jetstream.JetStreamError
	if ctx.Err() == nil && (!errors.As(err, &api) || api.APIError() == nil || api.APIError().Code == 503) {
		return fmt.Errorf("%s: %w: %w", doing, errAway, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
