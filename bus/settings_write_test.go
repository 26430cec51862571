package bus_test

import (
	"errors"
	"testing"

	"go.uber.org/zap"

	"earshot"
	"earshot/bus"
)

// A setting is written by whoever has seen what it was, and only once.
func TestPutSetting(t *testing.T) {
	o := options(t)
	b := open(t, o)
	client, err := bus.Dial(b.URL(), bus.DaemonLogin(o.Dir), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx := t.Context()
	if value, revision, err := client.SettingAt(ctx, "mutes.a"); value != nil || revision != 0 || err != nil {
		t.Fatalf("%s %d %v", value, revision, err)
	}
	first, err := client.PutSetting(ctx, "mutes.a", []byte("one"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, stale := range []uint64{0, first + 1} {
		if _, err := client.PutSetting(ctx, "mutes.a", []byte("other"), stale); !errors.Is(err, earshot.ErrConflict) {
			t.Errorf("written over revision %d: %v", stale, err)
		}
	}
	second, err := client.PutSetting(ctx, "mutes.a", []byte("two"), first)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.DropSetting(ctx, "mutes.a", first); !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("deleted what was written since: %v", err)
	}
	if value, at, err := client.SettingAt(ctx, "mutes.a"); string(value) != "two" || at != second || err != nil {
		t.Errorf("%s %d %v", value, at, err)
	}
	if err := client.DropSetting(ctx, "mutes.a", second); err != nil {
		t.Fatal(err)
	}
	value, gone, err := client.SettingAt(ctx, "mutes.a")
	if value != nil || gone <= second || err != nil {
		t.Errorf("%s %d %v", value, gone, err)
	}
	if _, err := client.PutSetting(ctx, "mutes.a", []byte("three"), gone); err != nil {
		t.Errorf("it cannot be made again: %v", err)
	}
	if _, err := client.PutSetting(ctx, "mutes.>", nil, 0); err == nil {
		t.Error("a pattern is no name")
	}
	seen := map[string]string{}
	err = client.EachSetting(ctx, "mutes", func(name string, value []byte) error { seen[name] = string(value); return nil })
	if err != nil || len(seen) != 1 || seen["mutes.a"] != "three" {
		t.Errorf("%v %v", seen, err)
	}
}
