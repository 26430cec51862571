package match

import "math"

// What a query pays for waiting for a common word, so that none does if it has
// anything else.
const (
	costEveryday = 20
	costFrequent = 10
)

// costs guesses how common each term is: words of the lists below are, and so is
// what several of the searched queries ask for.
func (x *Index) costs(searched int) []float64 {
	costs := make([]float64, x.dict.Len())
	for i := range x.queries[:searched] {
		x.queries[i].visit(func(term int32) { costs[term]++ })
	}
	for term, uses := range costs {
		costs[term] = math.Log1p(uses)
	}
	x.charge(costs, everyday, costEveryday)
	x.charge(costs, frequent, costFrequent)
	return costs
}

func (x *Index) charge(costs []float64, words []string, cost float64) {
	var ids []int32
	for _, w := range words {
		ids = x.dict.Lookup(ids[:0], []byte(w))
		for _, id := range ids {
			costs[id] += cost
			for _, a := range x.accents[id] {
				costs[a.term] += cost
			}
		}
	}
}

// everyday are words that nearly every post of their language has.
var everyday = []string{
	"a", "the", "and", "to", "of", "i", "in", "is", "it", "you", "for", "on", "that", "my", "with", "this", "be", "was", "at",
	"have", "not", "are", "so", "me", "just", "but", "your", "all", "new", "from", "we", "up", "out", "what", "get", "by", "an", "has",
	"or", "as", "if", "no", "do", "can", "good", "love", "like", "one", "they", "he", "she", "will", "when", "now", "our", "day", "time",
	"http", "https", "www", "com", "rt", "s", "t",
	"der", "die", "das", "und", "ist", "ich", "nicht", "ein", "eine", "zu", "den", "mit", "es", "auf", "fur", "von", "im", "sie",
	"de", "la", "le", "les", "et", "en", "un", "une", "que", "est", "des", "pas", "je", "du", "pour",
	"el", "los", "y", "por", "con", "se", "una", "para", "lo", "las", "mi", "como",
	"di", "e", "che", "il", "non", "per", "sono", "da", "o", "os", "um", "uma", "nao", "em",
	"het", "een", "van", "ik", "dat", "niet", "op", "te", "och", "att", "det", "som", "pa", "og", "ikke", "er", "ja", "on",
	"nie", "na", "jest", "ve", "bir", "bu", "и", "в", "не", "на", "что", "я", "的", "是", "了", "不", "の", "に", "は", "て",
}

// frequent are words that too many posts have to wait for them.
var frequent = []string{"order", "service", "product", "app", "phone", "customer", "shop", "store", "online", "free", "buy", "price"}
