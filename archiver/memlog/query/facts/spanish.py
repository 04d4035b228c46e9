"""Spanish of a chat with an agent, by kind of sentence; in lower case."""

_VERBS = (
    r"(?:a[ñn]ade|agrega|analiza|aplica|arregla|borra|busca|cambia|comienza|compara|comprueba|configura|contin[úu]a|corrige|crea|da|deja|documenta|ejecuta|"
    r"elimina|empieza|env[íi]a|escribe|explica|genera|guarda|haz|implementa|instala|integra|lee|limpia|lista|mant[ée]n|mira|modifica|muestra|mueve|optimiza|pon|"
    r"prueba|quita|reemplaza|refactoriza|renombra|revisa|separa|sigue|sube|traduce|usa|utiliza|verifica|vuelve)(?:me|lo|la|los|las)?"
)

RULE = (
    r"\b(?:siempre|nunca|jam[áa]s|a partir de ahora|de ahora en adelante)\b|\b(?:aseg[úu]rate|recuerda|no olvides)\b|\ben (?:lugar|vez) de\b",
    r"(?:^|[,;] )(?:por favor,? )?no (?:uses|cambies|borres|elimines|toques|modifiques|crees|agregues|a[ñn]adas|hagas|ejecutes|subas)\b",
    r"\b(?:debe|deben|deber[íi]a|tiene que|tienen que)\b.*\b(?:ser|estar|tener|usar|siempre|solo|s[óo]lo)\b",
)

REQUEST = (
    r"\bpor favor\b|\b(?:puedes|podr[íi]as|puede|podemos)\b.*\?|\b(?:quiero|quisiera|necesito|necesitamos|me gustar[íi]a|hay que)\b",
    rf"^(?:y |luego |entonces |ahora |ok,? |s[íi],? |no,? |tambi[ée]n |primero |despu[ée]s |bien,? )*{_VERBS}\b(?!.*\?$)",
)

CORRECTION = (
    r"^(?:no,|no es (?:eso|as[íi])|mal\b|espera|para\b|en realidad)|\best[áa] mal\b|\b(?:te dije|ped[íi]|quise decir|te olvidaste|olvidaste|te falt[óo])\b|\b(?:deshaz|revierte) (?:eso|esto|el|la)\b",
)

FAULT = (
    r"\b(?:sigue|todav[íi]a|a[úu]n) (?:\w+ndo|no|con|sin|igual|aparece|sale|da|est[áa])\b(?!.*\?$)|\b(?:da|dando|dio|sale) (?:el mismo |un )?error\b|\b(?:desapareci[óo]|se rompi[óo]|falta|faltan|dej[óo] de)\b(?!.*\?$)",
    r"\b(?:ya )?no (?:funciona|carga|aparece|abre|compila|pasa|sirve|responde|se (?:ve|muestra|guarda))\b|\b(?:roto|rota|incorrect[oa]|innecesari[oa]|redundante)\b|\bsigue (?:fallando|sin|igual|roto)\b|^pero (?!primero|por favor|tambi[ée]n)",
)

COMPLAINT = (
    r"\bpor ?qu[ée]\b.*\b(?:est[áa]s|sigue|todav[íi]a|a[úu]n|no|otra vez|dos|has)\b|\best[áa]s seguro\b",
)

DECISION = (
    r"\b(?:decid[íi]|decidimos|eleg[íi]|opt[ée]|prefiero)\b|\ben (?:lugar|vez) de\b(?!.*\?$)|\b(?:mejor|m[áa]s simple|m[áa]s sencilla) (?:soluci[óo]n|opci[óo]n|forma|enfoque)\b",
    r"\b(?:voy|vamos) a (?:usar|mantener|dejar|evitar|a[ñn]adir|agregar|crear|mover|separar|eliminar|quitar|reemplazar|cambiar|corregir|implementar)\b.*\b(?:porque|ya que|para|pues|solo|s[óo]lo|en vez|con|sin|as[íi])\b",
    r"^\W*(?:soluci[óo]n|enfoque|decisi[óo]n|correcci[óo]n|mi recomendaci[óo]n)\W*:|\b(?:es|ser[íi]a) (?:m[áa]s (?:simple|limpio|seguro|sencillo)|mejor)\b|\b(?:fuera de alcance|no vale la pena)\b",
)

REASON = (r"\b(?:porque|ya que|puesto que|para evitar|si no)\b",)
