// Which country a word names: ISO 3166 in two and three letters, common names and everyday abbreviations.

/**
 * The countries, one a line: the two letters of ISO 3166-1 first, then its three letters, its names in English, French,
 * Dutch and Portuguese as people write them without blanks and accents, and what they say for short. A word may name
 * two countries.
 */
const TABLE = `
ad and andorra andorre
ae are unitedarabemirates uae emiratsarabesunis emiradosarabesunidos eau emirates
af afg afghanistan afeganistao
ag atg antiguaandbarbuda antiguabarbuda antiguaetbarbuda antiguaenbarbuda antiguaebarbuda antigua
ai aia anguilla anguila
al alb albania albanie
am arm armenia armenie
ao ago angola
aq ata antarctica antarctique antartida
ar arg argentina argentine argentinie
as asm americansamoa samoaamericaines amerikaanssamoa samoaamericana
at aut austria autriche oostenrijk
au aus australia australie
aw abw aruba
ax ala alandislands aland ilesaland ilhasaland
az aze azerbaijan azerbaidjan azerbeidzjan azerbaijao
ba bih bosniaandherzegovina bosniaherzegovina bosnieherzegovine bosnieenherzegovina bosniaeherzegovina bosnia
bb brb barbados barbade
bd bgd bangladesh
be bel belgium belgique belgie belgica
bf bfa burkinafaso burquinafaso burkina
bg bgr bulgaria bulgarie bulgarije
bh bhr bahrain bahrein barein
bi bdi burundi
bj ben benin
bl blm saintbarthelemy stbarthelemy saobartolomeu
bm bmu bermuda bermudes bermudas
bn brn bruneidarussalam brunei
bo bol bolivia bolivie
bq bes caribbeannetherlands paysbascaribeens caribischnederland paisesbaixoscaribenhos
br bra brazil bresil brazilie brasil
bs bhs bahamas
bt btn bhutan bhoutan butao
bv bvt bouvetisland ilebouvet bouveteiland ilhabouvet
bw bwa botswana botsuana
by blr belarus bielorussie bielorrussia
bz blz belize
ca can canada
cc cck cocoskeelingislands ilescocos cocoseilanden ilhascocoskeeling
cd cod congo congokinshasa drc rdc drcongo drkongo rdcongo congodr congordc zaire kinshasa
cf caf centralafricanrepublic republiquecentrafricaine republicacentroafricana car rca centrafrique
cg cog republicofthecongo congo congobrazzaville republiqueducongo republicadocongo congobrazza brazzaville roc
ch che switzerland suisse zwitserland suica
ci civ cotedivoire ivorycoast ivoorkust costadomarfim rci
ck cok cookislands ilescook cookeilanden ilhascook
cl chl chile chili
cm cmr cameroon cameroun kameroen camaroes
cn chn peoplesrepublicofchina china chine
co col colombia colombie
cr cri costarica
cu cub cuba
cv cpv capeverde capvert kaapverdie caboverde
cw cuw curacao
cx cxr christmasisland ilechristmas christmaseiland ilhachristmas
cy cyp cyprus chypre chipre
cz cze czechrepublic czechia republiquetcheque tchequie tsjechie tchequia
de deu germany allemagne duitsland alemanha
dj dji djibouti djibuti
dk dnk denmark danemark denemarken dinamarca
dm dma dominica dominique
do dom dominicanrepublic republiquedominicaine dominicaanserepubliek republicadominicana
dz dza algeria algerie algerije argelia
ec ecu ecuador equateur equador
ee est estonia estonie estland
eg egy egypt egypte egito
eh esh westernsahara saharaoccidental westelijkesahara saaraocidental
er eri eritrea erythree eritreia
es esp spain espagne spanje espanha
et eth ethiopia ethiopie etiopia
fi fin finland finlande finlandia
fj fji fiji fidji
fk flk falklandislandsmalvinas falklandislands ilesmalouines falklandeilanden ilhasmalvinas falklands
fm fsm micronesia micronesie
fo fro faroeislands ilesferoe faeroer ilhasfaroe
fr fra france frankrijk franca
ga gab gabon gabao
gb gbr unitedkingdom uk greatbritain royaumeuni verenigdkoninkrijk reinounido britain england scotland wales
gd grd grenada grenade granada
ge geo georgia georgie
gf guf frenchguiana guyanefrancaise fransguyana guianafrancesa
gg ggy guernsey guernesey
gh gha ghana gana
gi gib gibraltar
gl grl greenland groenland groenlandia
gm gmb republicofthegambia thegambia gambia gambie
gn gin guinea guinee guine
gp glp guadeloupe guadalupe
gq gnq equatorialguinea guineeequatoriale equatoriaalguinea guineequatorial guineaecuatorial eqguinea
gr grc greece grece griekenland grecia el
gs sgs
gt gtm guatemala
gu gum guam
gw gnb guineabissau guineebissau guinebissau bissau
gy guy guyana guiana
hk hkg hongkong hongkongsarchina raschinoisedehongkong hongkongsarvanchina hongkongraedachina
hm hmd heardmcdonaldislands ilesheardetmacdonald heardenmcdonaldeilanden ilhasheardemcdonald
hn hnd honduras
hr hrv croatia croatie kroatie croacia
ht hti haiti
hu hun hungary hongrie hongarije hungria
id idn indonesia indonesie
ie irl ireland irlande ierland irlanda
il isr israel
im imn isleofman iledeman ilhademan
in ind india inde
io iot oceanindienbritannique
iq irq iraq irak iraque
ir irn islamicrepublicofiran iran ira
is isl iceland islande ijsland islandia
it ita italy italie italia
je jey jersey
jm jam jamaica jamaique
jo jor jordan jordanie jordania
jp jpn japan japon japao
ke ken kenya kenia quenia
kg kgz kyrgyzstan kirghizistan kirghizstan kirgizie quirguistao
kh khm cambodia cambodge cambodja camboja
ki kir kiribati quiribati
km com comoros comores comoren
kn kna saintkittsandnevis stkittsnevis saintchristopheetnieves saintkittsennevis saocristovaoenevis stkitts
kp prk northkorea coreedunord noordkorea coreiadonorte dprk
kr kor southkorea korearepublicof republicofkorea coreedusud zuidkorea coreiadosul korea rok
kw kwt kuwait koweit koeweit
ky cym caymanislands ilescaimans kaaimaneilanden ilhascayman
kz kaz kazakhstan kazachstan cazaquistao
la lao laos
lb lbn lebanon liban libanon libano
lc lca saintlucia stlucia saintelucie santalucia
li lie liechtenstein
lk lka srilanka
lr lbr liberia
ls lso lesotho lesoto
lt ltu lithuania lituanie litouwen lituania
lu lux luxembourg luxemburg luxemburgo
lv lva latvia lettonie letland letonia
ly lby libya libye libie libia
ma mar morocco maroc marokko marrocos
mc mco monaco
md mda moldovarepublicof moldova moldavie moldavia
me mne montenegro
mf maf saintmartinfrenchpart stmartin saintmartin saomartinho
mg mdg madagascar madagaskar
mh mhl marshallislands ilesmarshall marshalleilanden ilhasmarshall
mk mkd northmacedonia macedoinedunord noordmacedonie macedoniadonorte macedonia
ml mli mali
mm mmr myanmar myanmarburma myanmarbirmanie myanmarbirma mianmarbirmania burma birmanie
mn mng mongolia mongolie
mo mac macao macaosarchina raschinoisedemacao macausarvanchina macauraedachina macau
mp mnp northernmarianaislands ilesmariannesdunord noordelijkemarianen ilhasmarianasdonorte
mq mtq martinique martinica
mr mrt mauritania mauritanie
ms msr montserrat
mt mlt malta malte
mu mus mauritius maurice mauricio
mv mdv maldives maldiven maldivas
mw mwi malawi malaui
mx mex mexico mexique
my mys malaysia malaisie maleisie malasia
mz moz mozambique mocambique
na nam namibia namibie
nc ncl newcaledonia nouvellecaledonie nieuwcaledonie novacaledonia
ne ner niger
nf nfk norfolkisland ilenorfolk norfolk ilhanorfolk
ng nga nigeria
ni nic nicaragua
nl nld netherlands thenetherlands netherlandskingdomofthe paysbas nederland paisesbaixos holland
no nor norway norvege noorwegen noruega
np npl nepal
nr nru nauru
nu niu niue
nz nzl newzealand nouvellezelande nieuwzeeland novazelandia
om omn oman oma
pa pan panama
pe per peru perou
pf pyf frenchpolynesia polynesiefrancaise franspolynesie polinesiafrancesa
pg png papuanewguinea papouasienouvelleguinee papoeanieuwguinea papuanovaguine
ph phl philippines filipijnen filipinas
pk pak pakistan paquistao
pl pol poland pologne polen polonia
pm spm saintpierreandmiquelon stpierremiquelon saintpierreetmiquelon saintpierreenmiquelon saopedroemiquelao
pn pcn pitcairn pitcairnislands ilespitcairn pitcairneilanden ilhaspitcairn
pr pri puertorico portorico
ps pse stateofpalestine palestine palestinianterritories territoirespalestiniens palestijnsegebieden territoriospalestinos
pt prt portugal
pw plw palau palaos
py pry paraguay paraguai
qa qat qatar catar
re reu reunion lareunion reuniao
ro rou romania roumanie roemenie romenia
rs srb serbia serbie servie servia
ru rus russianfederation russia russie rusland
rw rwa rwanda ruanda
sa sau saudiarabia arabiesaoudite saoediarabie arabiasaudita ksa
sb slb solomonislands ilessalomon salomonseilanden ilhassalomao
sc syc seychelles seychellen seicheles
sd sdn sudan soudan soedan sudao
se swe sweden suede zweden suecia
sg sgp singapore singapour singapura
sh shn sainthelena sthelena saintehelene sinthelena santahelena
si svn slovenia slovenie eslovenia
sj sjm svalbardandjanmayen svalbardjanmayen svalbardetilejanmayen svalbardetjanmayen spitsbergenenjanmayen svalbardejanmayen
sk svk slovakia slovaquie slowakije eslovaquia
sl sle sierraleone serraleoa salone
sm smr sanmarino saintmarin
sn sen senegal
so som somalia somalie
sr sur suriname
ss ssd southsudan soudandusud zuidsoedan sudaodosul rss
st stp saotomeandprincipe saotomeprincipe saotomeetprincipe saotomeenprincipe saotomeeprincipe saotome
sv slv elsalvador salvador
sx sxm sintmaartendutchpart sintmaarten
sy syr syrianarabrepublic syria syrie siria
sz swz eswatini royaumedeswatini essuatini swaziland
tc tca turksandcaicosislands turkscaicosislands ilesturquesetcaiques turksencaicoseilanden ilhasturcasecaicos
td tcd chad tchad tsjaad chade
tf atf
tg tgo togo
th tha thailand thailande tailandia
tj tjk tajikistan tadjikistan tadzjikistan tadjiquistao
tk tkl tokelau
tl tls timorleste timororiental oosttimor easttimor
tm tkm turkmenistan turcomenistao
tn tun tunisia tunisie tunesie
to ton tonga
tr tur turkiye turkey turquie turkije turquia
tt tto trinidadandtobago trinidadtobago triniteettobago trinidadentobago trinidadetobago trinidad
tv tuv tuvalu
tw twn taiwanprovinceofchina taiwan
tz tza unitedrepublicoftanzania tanzania republiqueuniedetanzanie tanzanie
ua ukr ukraine oekraine ucrania
ug uga uganda ouganda oeganda
um umi usoutlyingislands
us usa unitedstatesofamerica unitedstates etatsunisdamerique etatsunis verenigdestaten estadosunidos america
uy ury uruguay uruguai
uz uzb uzbekistan ouzbekistan oezbekistan uzbequistao
va vat holyseevaticancitystate vaticancity saintsiegevatican etatdelaciteduvatican vaticaanstad cidadedovaticano vatican
vc vct stvincentgrenadines saovicenteegranadinas stvincent
ve ven venezuela
vg vgb virginislandsbritish britishvirginislands ilesviergesbritanniques britsemaagdeneilanden ilhasvirgensbritanicas
vi vir virginislandsus usvirginislands ilesviergesamericaines ilesviergesdesetatsunis ilhasvirgensamericanas
vn vnm vietnam vietna
vu vut vanuatu
wf wlf wallisandfutuna wallisfutuna wallisetfutuna wallisenfutuna wallisefutuna
ws wsm samoa
xk xkk kosovo kos
ye yem yemen jemen iemen
yt myt mayotte
za zaf southafrica afriquedusud zuidafrika africadosul rsa
zm zmb zambia zambie
zw zwe zimbabwe zimbabue
`;

const codesByWord = new Map<string, readonly string[]>();

function readCountries(): void {
  for (const line of TABLE.trim().split('\n')) {
    const words = line.split(' ');
    const code = words[0] ?? '';
    for (const word of words) codesByWord.set(word, [...(codesByWord.get(word) ?? []), code]);
  }
}

/**
 * The countries that a word may name.
 *
 * @param word lower-case letters without separators, such as `cd`, `cod`, `drc`, `cotedivoire`
 * @returns two-letter codes of ISO 3166-1; empty where the word names no country
 */
export function countriesNamed(word: string): readonly string[] {
  if (codesByWord.size === 0) readCountries();
  return codesByWord.get(word) ?? [];
}
