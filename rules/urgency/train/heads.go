package main

import (
	"slices"

	"earshot/rules/features"
	"earshot/rules/urgency"
)

// trained is a head, what it is trained on and how. The figures were chosen by
// cross-validation.
type trained struct {
	head    urgency.Head
	file    string
	yes     string   // the label that the head looks for
	skip    []string // labels that say nothing
	group   int      // column of what is left out together; 0 leaves out one of five parts
	spread  []string // groups that are no group: each part has some of them
	slack   float64  // of macro-F1, given for fewer false alarms
	balance float64  // 1: both labels count the same in sum; 0: as it is
	groups  []features.Group
	numbers int     // how many of the numbers it reads, from the first on
	company company // of its words
	place   float32 // what the place of words counts, to the words themselves
	bits    int
	pull    float64 // of weights to 0, where they are solved for; else the next three
	epochs  int
	rate    float64
	decay   float64
	data    string
}

var heads = []trained{
	{
		head: urgency.Complaint, file: "complaints/train.tsv", yes: "complaint",
		group: 1, spread: []string{"random_tweet", "random_reply"},
		slack: 0.02, groups: words, numbers: urgency.Plain, balance: 1, company: chatter, place: 0.2, bits: 16, epochs: 8, rate: 0.1, decay: 0.02,
		data: "complaints/train.tsv (Preotiuc-Pietro et al., ACL 2019; no licence stated)",
	},
	{
		head: urgency.Request, file: "urgency/requests.tsv", yes: "request",
		groups: words, numbers: urgency.Numbers, balance: 1, company: disasters, place: 0.8, bits: 16, pull: 20,
		data: "urgency/requests.tsv (disaster_response_messages: CC BY 4.0)",
	},
	{
		head: urgency.Offensive, file: "tone/train/offensive.tsv", yes: "offensive",
		groups: withRuns, numbers: urgency.Listed, company: chatter, bits: 16, epochs: 6, rate: 0.05, decay: 1e-4,
		data: "tone/train/offensive.tsv (TweetEval, OLID)",
	},
	{
		head: urgency.Informative, file: "urgency/crisislex26.tsv", yes: "Related and informative",
		skip: []string{"Not applicable"}, group: 3,
		groups: words, numbers: urgency.Plain, company: chatter, place: 0.4, bits: 17, epochs: 5, rate: 0.05, decay: 0.01,
		data: "urgency/crisislex26.tsv (CrisisLexT26: MIT)",
	},
}

// words are the features of the heads. Insults are also told by runs of characters,
// in which others would rather see the industry than the complaint; feelings and
// style would make an insult of every bad news.
var (
	words    = []features.Group{features.Words, features.Signs, features.Pairs, features.Denied, features.Style}
	withRuns = slices.Concat(words, []features.Group{features.Runs3})
)

// company is where words are placed by the company that they keep. Labels do not
// count, and what cross-validation leaves out is not among the posts, but for the
// texts of requests.
type company int

const (
	chatter   company = iota // in what people say of everything
	disasters                // in what they say of disasters
	companies
)

// corpora are the posts of each company, and dims is how many numbers place a word.
var (
	corpora = [companies][]corpus{
		chatter: {
			{"sentiment/train/tweeteval.tsv", "SemEval-2013-2017 task 4 as in TweetEval: CC BY 3.0"},
			{"sentiment/train/tse.tsv", "Tweet Sentiment Extraction: CC BY 4.0"},
			{"tone/train/emotion.tsv", "TweetEval"},
			{"tone/train/irony.tsv", "TweetEval"},
			{"tone/train/hate.tsv", "TweetEval"},
			{"tone/train/offensive.tsv", "TweetEval, OLID"},
			{"urgency/requests.tsv", "disaster_response_messages: CC BY 4.0"},
		},
		disasters: {
			{"urgency/requests.tsv", "disaster_response_messages: CC BY 4.0"},
			{"urgency/crisislex26.tsv", "CrisisLexT26: MIT"},
		},
	}
	dims = [companies]int{chatter: 96, disasters: 300}
)

// corpus is a file of posts and where it is from.
type corpus struct{ file, origin string }
