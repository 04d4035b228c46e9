"""Portuguese of a chat with an agent, by kind of sentence; in lower case."""

RULE = (
    r"\b(?:sempre|nunca|jamais|a partir de agora|daqui (?:em|pra|para) (?:diante|frente)|de agora em diante)\b", r"(?:^|[,;] )(?:por favor,? )?n[ãa]o (?:use|mude|altere|apague|"
    r"remova|fa[çc]a|toque|mexa|esque[çc]a|adicione|crie|commite|rode|execute|escreva|coloque)\b",
    r"\b(?:certifique-se|garanta|lembre-se|tenha certeza)\b", r"\bem vez d[eoa]s?\b|\bao inv[ée]s d[eoa]s?\b",
    r"\b(?:deve|devem|precisa|precisam|tem que|t[êe]m que)\b.*\b(?:ser|estar|ter|usar|ficar|sempre|apenas|s[óo])\b",
)  # fmt: skip

REQUEST = (
    r"\bpor favor\b", r"^(?:e |ent[ãa]o |agora |ok,? |sim,? |n[ãa]o,? |certo,? |primeiro |depois |tamb[ée]m )*(?:adicione|"
    r"remova|apague|mude|altere|troque|escreva|teste|verifique|confira|use|utilize|rode|execute|mostre|crie|fa[çc]a|"
    r"estude|inicie|selecione|me mostre|peça|peca|analise|revise|gere|monte|liste|suba|baixe|instale|configure|valide|refa[çc]a|veja|olhe|pesquise|compare|resuma|descreva|siga|prossiga|finalize|termine|transforme|converta|integre|organize|separe|"
    r"corrija|conserte|atualize|renomeie|mova|mantenha|leia|procure|explique|diga|pare|comece|commite|fa[çc]a|"
    r"implemente|refatore|documente|deixe|substitua|garanta|lembre|salve|abra|feche|envie|coloque|limpe|ajuste|"
    r"continue|espere|tente|reverta|ignore|evite|prefira|certifique)\b",
    r"\b(?:voc[êe] )?(?:pode|poderia|consegue)\b.*\?|^(?:ent[ãa]o |agora )?pode \w+r\b", r"\b(?:quero|queria|gostaria|preciso|precisamos|vamos)\b|^(?:um|uma|dois|duas|tr[êe]s|s[óo]|apenas|ambas?|a op[çc][ãa]o) \w+, ",
)  # fmt: skip

CORRECTION = (
    r"^(?:n[ãa]o,|n[ãa]o [ée] (?:isso|assim|ess[ea]|est[ea]|aquel[ea]|[oa])\b|\w+ errad[oa]|errad[oa]|espera|pera)|\bvoc[êe] \w+ou\b.*\b(?:de novo|outra vez|novamente)\b|\bvolta (?:como|ao que) |\bn[ãa]o [ée] .*, [ée] ", r"\b(?:isso|est[áa]) (?:est[áa] |é )?(?:errado|incorreto)\b",
    r"\b(?:eu (?:disse|pedi|quis dizer|falei)|voc[êe] (?:esqueceu|errou|n[ãa]o|deveria))\b|^na verdade\b",
    r"\b(?:desfa[çc]a|reverta) (?:isso|essa|esse|o|a)\b|\b(?:ainda )?n[ãa]o (?:funciona|funcionou|era isso)\b",
)  # fmt: skip

FAULT = (
    r"\bn[ãa]o (?:funciona|funcionou|carrega|aparece|abre|roda|passa|compila|faz sentido|ajuda|responde|salva|bate)\b|\b(?:quebrad[oa]s?|errad[oa]s?|redundantes?|desnecess[áa]ri[oa]s?)\b",
    r"\b(?:muito|demais|grande demais|longo demais)\b.*\b(?:complicad[oa]|long[oa]|verbos[oa]|lent[oa]|confus[oa]|demais)\b|\bainda (?:falha|quebra|est[áa] (?:falhando|quebrad\w|errad\w)|n[ãa]o)\b",
    r"\b(?:continua|segue) (?:\w+ndo|com|sem|igual|dando|o mesmo|a mesma)\b|\b(?:deu|dando|d[áa]) (?:o mesmo |um )?erro\b|\b(?:sumiu|quebrou|travou|parou de|faltou|falta|faltando|n[ãa]o deu certo|n[ãa]o mudou|n[ãa]o ficou)\b(?!.*\?$)|\bainda (?:d[áa]|aparece|mostra|continua|tem)\b(?!.*\?$)|\bficou (?:ruim|feio|feia|errad[oa]|estranh[oa]|pior|torto|torta)\b",
    r"^mas (?!por favor|primeiro|antes|só|so)\b|\bn[ãa]o (?:vejo|encontro|consigo ver|aparece)\b|\bn[ãa]o acontece nada\b|\bera (?:para|pra) (?:ser|estar|ficar)\b",
)

COMPLAINT = (
    r"\bpor ?qu[eê]\b.*\b(?:voc[êe]|a gente|n[óo]s|eu|ainda|de novo|n[ãa]o|agora|dois|duas|sempre)\b",
    r"\bn[ãa]o (?:deveria|devia|deveriam|deviam|era pra|era para)\b.*\?$|\b(?:voc[êe] )?tem certeza\b|\bcomo (?:[ée] que )?isso (?:passou|aconteceu)\b",
)

_SETTLES = (
    r"\b(?:decidi|decidimos|escolhi|escolhemos|optei|optamos|prefiro|a decis[ãa]o)\b|\bvou (?:usar|manter|deixar|evitar|seguir|remover)\b|\bvamos (?:usar|manter|deixar|evitar|seguir)\b",
    r"\b(?:em vez|ao inv[ée]s) d[eoa]s?\b(?!.*\?$)", r"\b(?:melhor|mais simples|certa|correta) (?:solu[çc][ãa]o|abordagem|op[çc][ãa]o|forma)\b",
)  # fmt: skip

_DOING = r"(?:adicionar|mudar|alterar|remover|mover|separar|extrair|criar|trocar|substituir|dividir|juntar|manter|guardar|isolar|reaproveitar|lan[çc]ar|implementar|usar|aplicar|corrigir|ajustar|refatorar|reescrever|simplificar|reutilizar|centralizar|unificar|fazer|rodar|atualizar)"
_PROMISES = (
    rf"\b(?:vou|vamos) {_DOING}\b.*\b(?:porque|pois|para que|j[áa] que|em vez|apenas|s[óo]|assim|como|sem|em paralelo|primeiro|depois|antes|direto|via|usando)\b|\b(?:por isso|ent[ãa]o|assim),? vou {_DOING}\b",
    r"^\W*(?:minha (?:sugest[ãa]o|recomenda[çc][ãa]o)|solu[çc][ãa]o|abordagem|decis[ãa]o|corre[çc][ãa]o)\W*:|\b(?:[ée]|seria|fica) (?:o |a )?(?:mais (?:simples|limp[oa]|segur[oa]|f[áa]cil)|melhor)\b",
    r"\b(?:n[ãa]o vale a pena|fica como est[áa]|deixo como est[áa]|fora do escopo)\b|\b(?:deve|deveria) (?:ser|ficar|usar|retornar)\b.*\b(?:em vez|porque|pois|s[óo]|apenas)\b",
)

_JUDGES = (
    r"\b(?:sugiro|proponho|recomendo|mantive|mantenho|escolho|descarto)\b(?!.*\?$)|\bo (?:melhor|ideal|correto|certo|mais simples) (?:é|seria|aqui)\b|\b(?:basta|bastam)\b",
    r"\b(?:por isso|ent[ãa]o|assim|portanto)\b.*\b(?:n[ãa]o (?:precis\w+|vou|vamos|é necess[áa]ri[oa])|basta|podemos)\b|\bn[ãa]o vou (?:mexer|alterar|mudar|tocar|criar|adicionar)\b",
    rf"\b(?:vou|vamos) (?:come[çc]ar|{_DOING[3:-1]})\b.*\b(?:primeiro|depois|para n[ãa]o|para (?:evitar|manter|que)|em vez)\b",
)

DECISION = _SETTLES + _PROMISES + _JUDGES

REASON = (r"\b(?:porque|pois|j[áa] que|para que|para evitar|por causa|sen[ãa]o)\b",)
