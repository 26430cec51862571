package delight

import (
	"slices"
	"strings"
	"unicode"

	"earshot"
)

// trades are words in the names of accounts that belong to no person.
var trades = []string{
	"bot", "news", "shop", "store", "deals", "sale", "sales", "official", "media", "press", "magazine", "coupons", "promo", "giveaways",
	"nachrichten", "presse", "zeitung", "boutique", "tienda", "noticias", "loja",
}

// isMachine reports whether an account calls itself a bot, a shop or a paper.
func isMachine(a *earshot.Author) bool { return namesTrade(a.Handle) || namesTrade(a.Name) }

// namesTrade reports whether one of the words of a name is a trade. Words end where
// letters do, and where a capital begins another: AcmeNews, acme_news.
func namesTrade(name string) bool {
	const most = 80 // bytes that are looked at
	from, small := -1, false
	for i, r := range name[:min(len(name), most)] {
		capital := unicode.IsUpper(r)
		if from >= 0 && (!unicode.IsLetter(r) || capital && small) {
			if isTrade(name[from:i]) {
				return true
			}
			from = -1
		}
		if from < 0 && unicode.IsLetter(r) {
			from = i
		}
		small = unicode.IsLower(r)
	}
	return from >= 0 && isTrade(name[from:min(len(name), most)])
}

func isTrade(word string) bool {
	return slices.ContainsFunc(trades, func(trade string) bool { return strings.EqualFold(trade, word) })
}
