package likeness_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"earshot/alerts/likeness"
)

// compare says how much two texts are the same, of whichever sort they are.
func compare(a, b string) (like float64, alike, short bool) {
	var r likeness.Reader
	prints := func(s string) (list []likeness.Print, short bool) {
		r.Read(s)
		list = append(list, r.Print(r.Long()))
		if r.Edge() {
			list = append(list, r.Print(!r.Long()))
		}
		return list, r.Short(&list[0])
	}
	p, shortA := prints(a)
	q, shortB := prints(b)
	if shortA || shortB {
		return 0, false, true
	}
	for i := range p {
		for k := range q {
			if l, ok := p[i].Alike(&q[k]); ok {
				like, alike = max(like, l), true
			}
		}
	}
	return like, alike, false
}

const fire = "The new lamp caught fire in our kitchen last night and nobody at the shop will pick up the phone"

func TestAlike(t *testing.T) {
	for _, tt := range []struct{ name, a, b string }{
		{"the same", fire, fire},
		{"case, accents, marks", "Ça brûle dans la cuisine, personne ne répond à l'atelier!", "CA BRULE dans la cuisine personne ne repond a l’atelier"},
		{"repeated", fire, "RT @ann: " + fire + " https://t.example/abc"},
		{"quoted whole", fire, "“@ann: " + fire + "” #wow #lamp"},
		{"on a fediverse", fire, "@ann@social.example " + fire},
		{"cut", fire, fire[:len(fire)*8/10] + "…"},
		{"words before", fire, "I really cannot believe this: " + fire},
		{"three words changed", fire, strings.NewReplacer("new", "old", "kitchen", "bedroom", "shop", "store").Replace(fire)},
		{"hashtags inside", fire, strings.Replace(fire, "lamp", "#lamp", 1)},
		{"full width", "LAMP caught fire in our kitchen last night", "ＬＡＭＰ ｃａｕｇｈｔ ｆｉｒｅ in our kitchen last night"},
		{"zero width", fire, strings.ReplaceAll(fire, "a", "a\u200b")},
		{
			"Japanese", "昨日の夜、台所で新しいランプから火が出ました。お店に電話しても誰も出ません。とても怖かったです。",
			"【拡散希望】昨日の夜、台所で新しいランプから火が出ました。お店に電話しても誰も出ません。",
		},
		{
			"Thai", "เมื่อคืนโคมไฟใหม่ไฟไหม้ในครัวของเราและไม่มีใครที่ร้านรับโทรศัพท์เลยสักคน",
			"แชร์ต่อ เมื่อคืนโคมไฟใหม่ไฟไหม้ในครัวของเราและไม่มีใครที่ร้านรับโทรศัพท์",
		},
		{"Arabic", "اشتعلت النار في المصباح الجديد في مطبخنا الليلة الماضية ولا أحد يرد على الهاتف", "اِشْتَعَلَت النار في المصباح الجديد في مطبخنا الليلة الماضية ولا أحد يرد"},
		{"Hangul", "어젯밤 우리 부엌에서 새 램프에 불이 났는데 가게에서는 아무도 전화를 받지 않아요", "실화냐 어젯밤 우리 부엌에서 새 램프에 불이 났는데 가게에서는 아무도 전화를 받지 않음"},
	} {
		if like, alike, short := compare(tt.a, tt.b); !alike {
			t.Errorf("%s: not alike (%.2f, short %t)", tt.name, like, short)
		}
	}
}

func TestUnlike(t *testing.T) {
	for _, tt := range []struct{ name, a, b string }{
		{"one subject", fire, "Our kitchen is finished at last, and the lamp over the table is the nicest thing the shop ever sold us"},
		{"a form of words", "Where is my order? I have been waiting since Monday and nobody has answered a single letter of mine", "Where is my refund? It was promised for last Friday, and the person on the phone had never heard of me"},
		{"Japanese", "昨日の夜、台所で新しいランプから火が出ました。お店に電話しても誰も出ません。", "昨日の夜、台所で家族とカレーを作りました。お店の新しい鍋がとても便利で感動しました。"},
		{"laughter", "hahahahahahahahahahahahahahahahahaha", "hahahahahahahahahahahahahaha"},
	} {
		if like, alike, _ := compare(tt.a, tt.b); alike {
			t.Errorf("%s: alike (%.2f)", tt.name, like)
		}
	}
}

// What many people write by chance is no copy.
func TestShort(t *testing.T) {
	for _, text := range []string{
		"", " ", "love it", "my order hasn't arrived", "@acme my order has not arrived yet", "😀😀😀😀😀😀😀😀😀😀😀😀", "最高", "ありがとう",
		"RT @acme: thanks!", "https://news.example/a-very-long-headline-with-many-words-in-it", "#acme #fail #never #again #boycott #acme #shame",
		strings.Repeat("ha", 5000), strings.Repeat("a ", 3000), "\xff\xfe\xfd",
	} {
		if _, _, short := compare(text, text); !short {
			t.Errorf("%.40q is long enough to be alike by chance", text)
		}
	}
}

func TestRepost(t *testing.T) {
	var r likeness.Reader
	for text, want := range map[string]string{
		"RT @Ann: hello": "ann", "rt @ann hello": "ann", `"RT @ann: hello"`: "ann", "MT @ann@social.example: hello": "ann@social.example",
		"hello RT @ann": "", "@ann hello": "", "": "", "rt": "", "RT ": "", "Mt. Everest": "",
	} {
		if r.Read(text); r.Repost() != want {
			t.Errorf("%q repeats %q, want %q", text, r.Repost(), want)
		}
	}
}

// Whatever comes is read in bounded time and room, and is like itself.
func TestHostile(t *testing.T) {
	for name, text := range map[string]string{
		"a million letters": strings.Repeat("abcdefghij klmnop ", 60_000),
		"marks":             "a" + strings.Repeat("\u0301", 100_000) + fire,
		"Thai marks":        fire + "ก" + strings.Repeat("\u0e34", 100_000),
		"handles":           strings.Repeat("@", 100_000) + fire,
		"tags":              strings.Repeat("#a", 100_000) + fire,
		"invalid":           strings.Repeat("\xff\xc0", 50_000) + fire,
		"ligatures":         strings.Repeat("\ufdfa", 50_000),
		"addresses":         strings.Repeat("https://", 50_000) + " " + fire,
	} {
		var r likeness.Reader
		r.Read(text)
		for _, long := range []bool{false, true} {
			p := r.Print(long)
			if got := p.Like(&p); got != 1 {
				t.Errorf("%s: like itself by %.2f", name, got)
			}
		}
		if r.Words() > 1<<16 {
			t.Errorf("%s: %d words", name, r.Words())
		}
	}
}

// An article is found again when words are added or changed, also across the
// border between posts and articles.
func TestArticles(t *testing.T) {
	w := newWriter(1)
	for _, words := range []int{80, 110, 119, 121, 140, 190, 400, 900} {
		words := strings.Fields(w.text(words))
		n := len(words)
		edits := map[string][]string{
			"cut":      words[:n*8/10],
			"comment":  append(strings.Fields(w.text(5)), words...),
			"headed":   append(strings.Fields("Brussels – from our correspondent"), words[5:]...),
			"shuffled": slices.Concat(words[n/2:], words[:n/2]),
		}
		for name, edited := range edits {
			if like, alike, _ := compare(strings.Join(words, " "), strings.Join(edited, " ")); !alike {
				t.Errorf("%d words, %s: not alike (%.2f)", n, name, like)
			}
		}
		if like, alike, _ := compare(strings.Join(words, " "), w.text(n)); alike {
			t.Errorf("%d words: like others (%.2f)", n, like)
		}
	}
}

// A hundred thousand texts that share everything make no search longer than a
// thousand do, and a shelf holds the newest.
func TestCrowd(t *testing.T) {
	var r likeness.Reader
	r.Read(fire)
	p := r.Print(false)
	shelf := likeness.NewShelf[int](1000)
	var tickets []uint64
	for i := range 20_000 {
		tickets = append(tickets, shelf.Put(7, &p, i))
	}
	looked := 0
	found := shelf.Find(nil, 7, &p, func(i int) bool {
		if looked++; i < 19_000 {
			t.Errorf("%d is still there", i)
		}
		return false
	})
	if looked > 33*32 || len(found) != 0 {
		t.Errorf("%d looked at, %d found", looked, len(found))
	}
	all := func(int) bool { return true }
	if found := shelf.Find(nil, 7, &p, all); len(found) != 1 || found[0].Value != 19_999 || found[0].Like != 1 {
		t.Errorf("the same text: %+v", found)
	}
	r.Read(fire + " indeed")
	q := r.Print(false)
	if found := shelf.Find(nil, 7, &q, all); len(found) == 0 || len(found) > 8 {
		t.Errorf("a text like them: %+v", found)
	}
	if found := shelf.Find(nil, 8, &p, all); len(found) != 0 {
		t.Errorf("of another group: %+v", found)
	}
	if shelf.Get(tickets[0]) != nil || *shelf.Get(tickets[19_999]) != p || shelf.Get(0) != nil {
		t.Error("tickets lead elsewhere")
	}
}

func TestBytes(t *testing.T) {
	var r likeness.Reader
	r.Read(fire)
	for _, long := range []bool{false, true} {
		p := r.Print(long)
		got, err := likeness.PrintOf(p.Bytes())
		if err != nil || got != p {
			t.Errorf("%+v became %+v, %v", p, got, err)
		}
	}
	for _, b := range [][]byte{nil, {1}, make([]byte, 1000)} {
		if _, err := likeness.PrintOf(b); err == nil {
			t.Errorf("%d bytes are a print", len(b))
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"", fire, "RT @a: #b https://c.example/ d", "昨日の夜\u0301ﷺ", "\xff@\xf0\x9f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r likeness.Reader
		r.Read(text)
		p, words := r.Print(r.Long()), r.Words()
		r.Read(text)
		if q := r.Print(r.Long()); p != q || p.Like(&q) != 1 && p.Size() > 0 {
			t.Errorf("a text is unlike itself")
		}
		if words > utf8.RuneCountInString(text)*18 {
			t.Errorf("%d words of %d characters", words, utf8.RuneCountInString(text))
		}
		if q, err := likeness.PrintOf(p.Bytes()); err != nil || q != p {
			t.Errorf("a print does not survive: %v", err)
		}
	})
}
