"""Customers who write in their own language, and are answered in it."""

from __future__ import annotations

from conversations.demo.story import API, CHAT, EMAIL, Story, answer, ask, note

STORIES = (
    Story(
        ("Keine Verbindung nach Routerwechsel",),
        (
            ask(
                """Guten Tag,

                wir haben seit gestern einen neuen Router, und die Station auf dem Dach meldet sich nicht mehr. Der Name des
                WLANs ist derselbe geblieben, das Passwort auch. Was kann ich tun, ohne wieder aufs Dach zu steigen?

                Mit freundlichen Grüßen
                Heike Brandt"""
            ),
            answer(
                """Guten Tag Frau Brandt,

                aufs Dach müssen Sie nicht. Der neue Router fasst vermutlich 2,4 und 5 GHz unter einem Namen zusammen, und
                die Station spricht nur 2,4. Schalten Sie im Router für zehn Minuten das 5-GHz-Band ab: Die Station findet
                dann von selbst zurück, und danach dürfen Sie es wieder einschalten.

                Herzliche Grüße
                {me}"""
            ),
            ask("Es hat nach drei Minuten geklappt. Vielen Dank, mein Mann hatte die Leiter schon geholt!"),
        ),
        channels=(EMAIL,),
        tags=("hardware", "wifi", "deutsch"),
        team="Hardware",
        contact="heike.brandt@posteo.example",
        weight=1,
    ),
    Story(
        ("Factura con datos de la empresa",),
        (
            ask(
                """Buenos días:

                Necesito la factura del último pedido a nombre de Viñedos Olmedo S.L., con el NIF B-47281190. ¿Es posible?

                Un saludo,
                Lucía Olmedo"""
            ),
            answer(
                """Buenos días, Lucía:

                Por supuesto. La factura corregida ya está en su cuenta, en Facturación > Facturas, y también se la hemos
                enviado por correo. Los próximos pedidos llevarán esos datos automáticamente.

                Un saludo desde Ámsterdam,
                {me}"""
            ),
            ask("Perfecto, recibida. ¡Muchas gracias por la rapidez!"),
        ),
        channels=(EMAIL,),
        tags=("billing", "español"),
        team="Billing",
        contact="lucia@olmedo-vinos.example",
        weight=1,
    ),
    Story(
        ("Le pluviomètre gèle chaque hiver",),
        (
            ask(
                """Bonjour, notre station se trouve à 1 400 mètres et le pluviomètre gèle dès novembre. Existe-t-il un
                chauffage, ou faut-il le démonter ?"""
            ),
            answer(
                """Bonjour Étienne, il existe un kit chauffant (réf. NW-RG-H) qui se branche sur l'alimentation de la Station
                Pro et ne consomme que 6 W, uniquement sous 4 °C. Pour une Mini, il vaut mieux mettre le capuchon
                d'hiver et désactiver la pluie dans l'application, afin que les moyennes restent justes."""
            ),
            ask("Parfait, je commande le kit. Merci pour la précision sur les moyennes, je n'y aurais pas pensé."),
        ),
        channels=(CHAT,),
        tags=("hardware", "français"),
        team="Hardware",
        contact="etienne.marchal@refuge-glacier.example",
        weight=1,
    ),
    Story(
        ("アプリの単位を変更したい",),
        (
            ask("風速の単位を km/h から m/s に変更したいのですが、設定が見つかりません。よろしくお願いいたします。"),
            answer(
                """佐藤様

                お問い合わせありがとうございます。アプリの「設定」>「単位」>「風速」で m/s をお選びいただけます。グラフと通知にもすぐに反映されます。

                ほかにご不明な点がございましたら、お気軽にご連絡ください。"""
            ),
            ask("できました。丁寧なご案内をありがとうございました。"),
        ),
        channels=(EMAIL,),
        tags=("app", "日本語"),
        priority="low",
        contact="yuki.sato@hatake.example",
        weight=1,
    ),
    Story(
        ("A estação envia dados, mas o gráfico fica vazio",),
        (
            ask(
                """Olá! Na aplicação vejo a temperatura atual, mas o gráfico dos últimos sete dias está vazio desde
                segunda-feira. Já reinstalei. A estação é a {serial}."""
            ),
            note("Clock of the station is set to 2036. Readings are there, in the future. Reset its clock remotely."),
            answer(
                """Olá, Rui! O relógio da estação tinha saltado para 2036, por isso os dados existiam, mas num futuro que o
                gráfico não mostra. Acertei-o à distância e corrigi as leituras: os sete dias já devem aparecer."""
            ),
            ask("Ahah, uma estação do futuro. Já está tudo a funcionar. Obrigado!"),
        ),
        channels=(CHAT,),
        tags=("app", "português"),
        contact="rui.tavares@quintadoporto.example",
        weight=1,
    ),
    Story(
        ("Nie działa kod rabatowy",),
        (
            ask("Dzień dobry, kod WIOSNA10 z Państwa newslettera nie działa w koszyku. Proszę o pomoc."),
            answer(
                """Dzień dobry, bardzo przepraszamy: kod był ograniczony do zamówień w euro, a Pani kupuje w złotych.
                Poprawiliśmy to i WIOSNA10 działa już w obu walutach."""
            ),
            ask("Zadziałało, dziękuję bardzo!"),
        ),
        channels=(CHAT,),
        tags=("shop", "polski"),
        priority="low",
        team="Billing",
        contact="agnieszka.nowak@sad-nowak.example",
        weight=1,
    ),
    Story(
        ("محطة الطقس لا ترسل البيانات",),
        (
            ask("مرحباً، المحطة لا ترسل أي بيانات منذ يومين والضوء أحمر ثابت. الرقم التسلسلي {serial}. شكراً لكم."),
            answer(
                """مرحباً ليلى،

                الضوء الأحمر الثابت يعني أن البطارية فارغة تماماً. يرجى تبديل البطاريات الأربع معاً، ثم الضغط على الزر لمدة ثانيتين.
                ستظهر القراءات خلال خمس دقائق.

                مع التحية،
                {me}"""
            ),
        ),
        channels=(EMAIL,),
        tags=("hardware", "العربية"),
        team="Hardware",
        contact="layla.haddad@nakheel.example",
        weight=1,
    ),
    Story(
        ("Samenwerking met het waterschap",),
        (
            ask(
                """Goedemiddag,

                het waterschap wil de neerslag van tachtig Northwind-stations in één kaart tonen. Mogen wij de gegevens via
                de API ophalen, en zo ja, onder welke voorwaarden?

                Met vriendelijke groet,
                Sanne de Wit"""
            ),
            note("Mara wants to be in the loop for public bodies. She has met them in March."),
            answer(
                """Goedemiddag Sanne,

                wat een mooi plan. Voor openbare instellingen is de API gratis, zolang de eigenaars van de stations
                toestemming geven; dat kan met één vinkje in de app. Ik stuur u de voorwaarden toe en maak alvast een sleutel
                aan met een ruimere limiet.

                Met vriendelijke groet,
                {me}"""
            ),
            ask("Dat is ruimhartig, dank u wel! Ik leg het dinsdag voor aan het bestuur."),
        ),
        channels=(EMAIL, API),
        tags=("api", "partners", "nederlands"),
        priority="high",
        team="Developers",
        contact="s.dewit@waterschap-ijsselvallei.example",
        weight=1,
    ),
    Story(
        ("Regensensor defekt, Garantie?",),
        (
            ask(
                "Grüezi, der Regensensor zählt seit dem Hagel nicht mehr. Gekauft vor 20 Monaten. Gilt die Garantie noch?",
            ),
            answer(
                """Grüezi Herr Aebischer, die Garantie gilt zwei Jahre und umfasst auch Hagel. Ein neuer Sensor ist unterwegs
                nach Thun; die Anleitung zum Tausch liegt bei. Den alten dürfen Sie behalten oder entsorgen."""
            ),
            ask("Merci vielmal, das nenne ich Kundendienst."),
            answer("Gern geschehen, und auf weniger Hagel!"),
        ),
        channels=(CHAT,),
        tags=("hardware", "warranty", "deutsch"),
        team="Hardware",
        contact="beat.aebischer@thunersee.example",
        weight=1,
    ),
)
