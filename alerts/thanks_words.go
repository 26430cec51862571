package alerts

import "strings"

// What people say who are content, in the languages of the models. In scripts
// without blanks the runs are looked for anywhere.
var (
	gratitude = set("thanks thank thx thankyou ty tysm cheers ta appreciate appreciated sorted solved resolved great perfect brilliant lovely ok okay",
		"danke dankeschön dankeschon dank merci mercy gracias grazie obrigado obrigada obg valeu bedankt dankjewel dankje tak takker tack tackar takk takker kiitos kiitoksia",
		"super prima parfait perfecto perfetto perfeito dzięki dziękuję dziekuje teşekkürler teşekkür sağol sağolun eyvallah shukriya dhanyavaad dhanyawad",
		"شكرا شكراً شكرًا مشكور مشكورين تسلم تسلمون धन्यवाद शुक्रिया спасибо благодарю")
	gratitudeRuns = []string{"ขอบคุณ", "ขอบใจ", "ありがとう", "感謝", "谢谢", "謝謝", "感谢", "감사", "고마워", "고맙", "🙏", "👍", "❤", "😊"}

	// pleasantries stand beside a thank-you and change nothing of it.
	pleasantries = set("a all am cool and are as at awesome amazing best big bless bunch day did do done enjoy everything excellent fab fabulous fantastic fast fine",
		"fixed for from get glad going good got guys happy have helpful help helped helping helps hey hi i im i'm i've is it it's its job just kind kindly kindness legend love",
		"me million mate many most much my nice now of on one oh perfectly please pleased pleasure prompt promptly quick quickly really received refund replacement reply response",
		"service so soon sorting speedy star stars super support swift sweet team that that's the their them they this today to too tons u very ur was we welcome well",
		"what will wonderful wow worked working works ya yay yeah yep yes you you're your yours again awesome arrived came through answer answering advice brill class lot loads lots",
		"ach alle alles also am angekommen antwort bin bis da das dass den der die einen endlich erhalten es euch fürs für ganz geht geklappt geholfen gerne gut gute guter",
		"hab habe hat herzlich herzlichen herzlichsten hilfe ich ihnen ihr ihre ist jetzt ja klasse lieb liebe lieben liebes mal mega mir mich nett nette nochmal nochmals rückmeldung schnelle",
		"schnell schon schön schönen sehr sie so spitze tag tausend team toll tolle top total und vielen vielmals war wirklich wunderbar wunderbaren funktioniert",
		"à a aide avez beaucoup bien bonne bon bravo c'est c ce cela d'avoir de des du est et formidable gentil gentils gentillesse génial grand j'ai je journée l'aide la le les",
		"mille moi nickel oui pour reçu rapide rapidement rapidité réponse réponses service soirée super top tout toute toutes très un une vous votre vraiment équipe reçue résolu marche",
		"a al amable amables atención ayuda bien buen buena bueno con de del día el ella en es equipo estupendo excelente fenomenal genial gran ha han he la las lo los llegó me mil mucha muchas muchísimas mucho muy",
		"todo toda por que qué rápida rápido respuesta resuelto saludo saludos servicio sí si solucionado su tan tu tus un una ustedes vosotros ya maravilloso majos",
		"a aiuto al alla assistenza ai anche bene buona che ciao con davvero del della di è e gentile gentili gentilezza gentilissimi giornata grande ho il infinite l'aiuto la le lo",
		"mi mille molto molte ottimo per più rapida rapido risolto risposta ricevuto servizio siete squadra stata stati stato sì tanto tante tutto un una velocissimi vi voi arrivato funziona",
		"a ajuda agradeço atendimento bem bom boa com da de deu equipe equipa certo do e ela em está excelente foi já muito muita muitíssimo mesmo na no nota o os ótimo ótima pela pelo por que rápido rápida resolvido",
		"resposta retorno sim show tudo tá um uma vocês chegou funcionou recebi dez gente querida queridos",
		"alles antwoord de een en erg fijn fijne dag gelukt geholpen goed goede heel hartelijk het hulp ik is ja je jullie leuk mooi nu opgelost reactie snel snelle super top u veel voor wel bedankje duizendmaal ontvangen",
		"mycket så jättebra hjälpen för snabbt svar er ni det är bra nu allt löst fint ha tusen mange for hjelpen svaret raskt fint det er alt i orden hjælpen hurtigt svar jer dig mand rigtig meget",
		"paljon avusta nopeasta vastauksesta hienoa nyt kaikki bardzo za pomoc szybką odpowiedź wszystko już super serdecznie çok ederim ederiz yardımınız için hızlı cevap her şey tamam oldu",
		"bahut aapka aapki aap ka ki ke liye madad jaldi ho gaya mil gaya ji bhai ab sab theek hai बहुत आपका आपकी के लिए मदद हो गया मिल गया जी अब सब ठीक है जल्दी",
		"جزيلا جزيلاً كثير كثيرا لكم لك على المساعدة الرد السريع وصل تم الحل الله يعطيكم العافية يعطيك كل شي تمام ممتاز",
		"большое огромное вам за помощь быстрый ответ всё все хорошо отлично получил получила пришло пришёл теперь работает очень")
	pleasantRuns = []string{
		"มากๆ", "มากมาย", "มาก", "ค่ะ", "ครับ", "คะ", "นะ", "จ้า", "จ้ะ", "เลย", "แล้ว", "ได้รับ", "ของ", "ได้", "ทีมงาน", "ที่", "ช่วยเหลือ", "ช่วย", "ตอบ", "เร็ว", "ดี", "สำหรับ", "ทุกคน", "น้อง", "แอดมิน", "เรียบร้อย", "ๆ",
		"ございました", "ございます", "対応", "返信", "早い", "早速", "届きました", "とても", "本当に", "助かりました", "の", "ご", "を", "が", "に", "ました", "です", "いただき",
		"非常", "太", "你们", "你們", "的", "帮助", "幫助", "了", "收到", "很快", "解决", "解決", "好的", "回复", "回覆", "啦", "已经", "已經", "您",
		"합니다", "해요", "드립니다", "정말", "너무", "잘", "받았습니다", "받았어요", "빠른", "답변", "도움", "요", "도와주셔서", "드려요",
	}

	// grudges make a thank-you bitter, whatever else is said.
	grudges = set("but hardly barely still however yet not never no nothing guess suppose another aber noch nicht kein keine keinen nichts wieder leider mais encore pas rien",
		"pero todavía todavia aún aun no nada ma ancora non niente mas ainda não nao nada maar nog niet geen weer helaas men fortfarande inte ikke ei mutta ale nie nic ama değil hiç lekin abhi nahi nahin",
		"لكن مازال ليس لا لم ما लेकिन नहीं अभी но не ничего нет ещё еще опять")
	grudgeRuns = []string{"แต่", "ยังไม่", "ไม่", "อีกแล้ว", "でも", "まだ", "けど", "のに", "但", "还没", "還沒", "不", "没", "하지만", "아직", "근데", "안 ", "🙄", "😒", "😡", "😠", "🤬", "😤", "👎", "🤡", "💩", "🤦", "😑", "🖕", "😭", "😢"}
)

func set(lines ...string) map[string]bool {
	all := map[string]bool{}
	for _, words := range lines {
		for word := range strings.FieldsSeq(words) {
			all[word] = true
		}
	}
	return all
}
