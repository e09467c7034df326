"""NO_NAMES: capitalised words that stand where a name would, and are none."""

# People addressed as what they are.
_ROLES = """
All Team There Sir Madam Customer Customers Support Service Services Everyone Folks Guys Department
Complaints Office Council Kundenservice Kundendienst Klantenservice Serviceteam Mensen Allemaal Allen Leute
Zusammen Damen Herren Dame Heer
Mevrouw Meneer Herr Frau Gast Gäste Fahrgast Fluggast Kunde Kunden Kundin Klant Klanten Redaktion Abteilung
Leitung Bot Hotel Bank Airlines Airways Air Railway Insurance Energy Mobile Online Shop Store GmbH AG BV NV
Ltd Inc
"""
_TIMES = """
Monday Tuesday Wednesday Thursday Friday Saturday Sunday Montag Dienstag Mittwoch Donnerstag Freitag Samstag
Sonntag Maandag Dinsdag Woensdag Donderdag Vrijdag Zaterdag Zondag January February March April May June
July August September October November
December Januar Februar März Mai Juni Juli Oktober Dezember Januari Februari Maart Mei Juli Augustus
Christmas Easter Today Tomorrow Now Then Never Always Moment Zeit
"""
_PLACES = """
English German Dutch British American French Irish Indian Belgian UK USA EU Email Mail Twitter Facebook
WhatsApp Google Apple Amazon PayPal Internet Instagram DM
"""
_WORDS = """
The This That Your You We It They And But Not No Yes Please Thanks Thank Sorry For From With What When Where
Why How If So In On At My Our Their His Her Die Der Das Ich Wir Sie Ihr Ihre Und Aber Bitte Danke Wie Was
Wann Warum Wenn Dass Ob Es Er Gott Het De
Een Ik Wij Jullie Uw Wat Waar Hoe Maar En Dank Groet Groeten Groetjes Grüße Grüsse Gruß Gruss Grüßen Regards
Wishes Sincerely Truly Faithfully Just Still Again Also Only Really Very Such Any Some Every Each Here
Another Both Even Maybe Great Good Best Nice
Perfect Absolutely Amazing Awful Terrible Ridiculous Disgusting Unacceptable Heel Veel Met Voor Nog Niet Ja
Nee Nein Guten Gute Vielen Viele Liebe Lieber Beste Geachte Hallo Hello Hi Hey Dear Dag Moin Click Day Back
Bedankt Vriendelijke Freundliche
"""

NO_NAMES = frozenset(f"{_ROLES} {_TIMES} {_PLACES} {_WORDS}".split())
# "I'm", "We're", "That's" ...
NO_NAME_ENDS = ("team", *(mark + end for mark in "'\u2019" for end in ("m", "re", "ll", "ve", "d", "s")))
