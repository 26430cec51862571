package match

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
