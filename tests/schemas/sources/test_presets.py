"""Each preset against small files with the traits of the real exports; the content is invented."""

import io
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from schemas.conform.rows import conform_rows
from schemas.formats.csv_rows import read_csv
from schemas.formats.text_stream import FILE
from schemas.sources.columns import find_wanted
from schemas.sources.load import load_source
from transforms.read_exports import gather_sides, look_up


def texts(found, table: str, text: str) -> list[pa.RecordBatch]:
    """A table's rows as text."""
    rows = read_csv(lambda: io.BytesIO(text.encode()), found.table_named(table), find_wanted(found, table), "x.csv")
    return [batch.append_column(FILE, pa.repeat("x.csv", len(batch))) for batch in rows]


def conform(source: str, input_name: str, **tables: str) -> list[dict]:
    found = load_source(source).input_named(input_name)
    assert found is not None
    sides = gather_sides(
        found, {name: texts(found, name, text) for name, text in tables.items() if name != found.table}
    )
    batches = texts(found, found.table, tables[found.table])
    return [row for batch in batches for row in conform_rows(look_up(batch, found, sides), found).to_pylist()]


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type]


TWEETS = """\
,tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id
0,1,acme,False,Tue Oct 31 22:10:47 +0000 2017,@115 We are sorry.,2,3.0
1,3,115,True,Tue Oct 31 22:08:27 +0000 2017,"@acme no internet, again",1,
2,4,116,True,Tue Oct 31 22:09:00 +0000 2017,@acme broken

off here,5,
3,5,117,True,Tue Oct 31 22:09:30 +0000 2017,,,9.5
"""


def test_twcs():
    agent, customer, broken, rest, empty = conform("twcs", "messages", messages=TWEETS)
    assert agent["message_id"] == agent["conversation_id"] == "1"
    assert (agent["linked_id"], agent["role"], agent["team"], agent["customer_id"]) == (
        "3",
        "agent",
        "acme",
        None,
    )
    assert agent["sent_at"] == at(2017, 10, 31, 22, 10, 47)
    assert (customer["linked_id"], customer["role"], customer["customer_id"]) == (None, "customer", "115")
    assert (customer["team"], customer["agent_id"], customer["channel"]) == (None, None, "social")
    # The blank line is no row, so the two halves are rows 3 and 4.
    assert [(row["row"], row["reject_reason"]) for row in (broken, rest)] == [
        (3, "unparsable_line"),
        (4, "unparsable_line"),
    ]
    assert (empty["reject_reason"], empty["reject_column"]) == ("bad_number", "in_response_to_tweet_id")


CFPB_OLD = """\
Date received,Product,Issue,Company,Submitted via,Date sent to company,\
Company response to consumer,Timely response?,Consumer disputed?
7/29/2013,Mortgage,Fees,Some Bank,Phone,7/30/2013,Closed with explanation,Yes,No
7/29/2013,Mortgage,Fees,Some Bank,Phone,7/30/2013,Closed with explanation,Yes,No
7/29/2013,Mortgage,Fees,Some Bank,Postal mail,8/1/2013,In progress,No,
"""
CFPB_18 = """\
Archive:  /home/someone/complaints.csv.zip
  inflating: complaints.csv
Date received,Product,Consumer complaint narrative,Company,Submitted via,Date sent to company,\
Company response to consumer,Timely response?,Consumer disputed?,Complaint ID
2020-03-18,Debt collection,"They call
every day.",Some Bank,Web,2020-03-19,Closed with monetary relief,Yes,N/A,3571115
2020-03-18,Debt collection,,Some Bank,Pigeon,2020-03-19,Closed with monetary relief,Yes,N/A,3571116
"""
CFPB_API = """\
company,company_response,complaint_id,complaint_what_happened,consumer_disputed,date_received,date_sent_to_company,product,submitted_via,timely
Some Bank,Closed with non-monetary relief,7073066,,Yes,\
2023-06-05T12:00:00-05:00,2023-06-05T12:00:00-05:00,Mortgage,Web,No
"""


def test_cfpb_without_ids_and_narratives():
    first, second, third = conform("cfpb", "messages", messages=CFPB_OLD)
    assert first["message_id"] == second["message_id"] == first["conversation_id"] != third["message_id"]
    assert first["message_id"].startswith("content-")
    assert (first["role"], first["text"], first["lang"], first["customer_id"]) == (
        "customer",
        None,
        "en",
        None,
    )
    assert (first["sent_at"], first["responded_at"]) == (at(2013, 7, 29, 4), at(2013, 7, 30, 4))
    assert (first["validity"], first["timely"], first["disputed"]) == ("explained", True, False)
    assert (third["validity"], third["timely"], third["disputed"]) == (None, False, None)
    assert (third["channel"], third["team"], third["reject_reason"]) == ("letter", "Some Bank", None)


def test_cfpb_with_lines_before_its_header():
    first, second = conform("cfpb", "messages", messages=CFPB_18)
    assert (first["message_id"], first["text"], first["touchpoint"]) == (
        "3571115", "They call\nevery day.", "Debt collection",
    )  # fmt: skip
    assert (first["validity"], first["company_response"]) == ("upheld", "Closed with monetary relief")
    assert (first["disputed"], first["row"]) == (None, 1)
    assert (second["reject_reason"], second["reject_column"]) == ("unknown_value", "Submitted via")


def test_cfpb_of_the_api():
    (row,) = conform("cfpb", "messages", messages=CFPB_API)
    assert (row["message_id"], row["sent_at"], row["text"]) == ("7073066", at(2023, 6, 5, 17), None)
    assert (row["disputed"], row["timely"], row["validity"], row["channel"]) == (True, False, "upheld", "web")


ZENDESK = {
    "comment": """\
id,body,created,public,ticket_id,user_id
1,My order is late,2024-01-10 08:00:00,TRUE,100,7
2,please look at this,2024-01-10 08:30:00,FALSE,100,8
3,So sorry!,2024-01-10 09:00:00,TRUE,100,8
4,I have left since,2024-01-10 09:30:00,TRUE,100,9
5,same again,2024-01-11 08:00:00,TRUE,101,7
6,spam,2024-01-11 08:00:00,TRUE,102,7
7,who am I,2024-01-11 09:00:00,TRUE,100,6
8,not in the user table,2024-01-11 08:00:00,TRUE,103,5
9,ticket is gone,2024-01-12 08:00:00,TRUE,999,7
10,now an agent,2024-03-01 08:00:00,TRUE,100,7
""",
    "ticket": """\
id,requester_id,status,via_channel,merged_ticket_ids,updated_at
100,7,closed,email,"[101, 105]",2024-01-12 00:00:00
101,7,closed,twitter,[],2024-01-12 00:00:00
102,7,deleted,web,[],2024-01-12 00:00:00
103,5,open,carrier_pigeon,,2024-01-12 00:00:00
100,1,new,chat,[],2024-01-10 00:00:00
""",
    "user": """\
id,role,updated_at
7,end-user,2024-01-01 00:00:00
8,admin,2024-01-01 00:00:00
9,end-user,2024-02-01 00:00:00
""",
    "audit_log": r"""id,change_description,created_at,source_id
1,Guide role changed from A to B\nSupport role changed from Agent to not set\n...,2024-01-20 00:00:00,9
2,Workweek changed from {} to {},2024-01-20 00:00:00,9
3,Support role changed from not set to Staff,2024-02-01 00:00:00,7
""",
}  # fmt: skip


def test_zendesk():
    rows = {row["message_id"]: row for row in conform("zendesk", "messages", **ZENDESK)}
    assert {number: row["role"] for number, row in rows.items() if not row["reject_reason"]} == {
        "1": "customer", "2": "internal", "3": "agent", "4": "agent", "5": "customer", "7": "system", "8": "customer",
        "9": "customer", "10": "agent",
    }  # fmt: skip
    assert (rows["3"]["agent_id"], rows["3"]["customer_id"]) == ("8", "7")
    assert (rows["2"]["agent_id"], rows["2"]["customer_id"]) == ("8", "7")
    assert (rows["1"]["agent_id"], rows["1"]["customer_id"]) == (None, "7")
    assert [rows[number]["channel"] for number in ("1", "5", "8", "9")] == [
        "email",
        "social",
        "carrier_pigeon",
        None,
    ]
    # Ticket 101 was merged into 100; 100 itself into none.
    assert (rows["5"]["linked_id"], rows["1"]["linked_id"]) == ("100", None)
    assert rows["6"]["reject_reason"] == "ignored"
    assert (rows["7"]["reject_reason"], rows["7"]["customer_id"]) == (None, None)
    assert rows["1"]["sent_at"] == at(2024, 1, 10, 8)


def test_zendesk_without_a_log_takes_todays_roles():
    rows = conform("zendesk", "messages", **{name: text for name, text in ZENDESK.items() if name != "audit_log"})
    assert [row["role"] for row in rows][3] == "customer"


def test_zendesk_changes():
    history = """\
field_name,ticket_id,updated,user_id,value
status,100,2024-01-10 08:00:00,,on-hold
status,100,2024-01-10 08:00:01,,Closed
assignee_id,100,2024-01-10 08:00:02,,
group_id,100,2024-01-10 08:00:03,,77
custom_12,100,2024-01-10 08:00:04,,x
priority,100,yesterday,,high
"""
    rows = conform("zendesk", "changes", ticket_field_history=history)
    assert [(row["field"], row["value"], row["reject_reason"]) for row in rows] == [
        ("status", "pending", None),
        ("status", "solved", None),
        ("assignee", None, None),
        ("team", "77", None),
        (None, "x", "ignored"),
        ("priority", "high", "bad_time"),
    ]


def test_generic_messages():
    first, second = conform(
        "generic",
        "messages",
        messages="id,ticket_id,author_role,created_at,body,language\n1,9,Agent,2024-01-01T10:00:00Z,Hi,de-DE\n"
        "2,9,boss,2024-01-01T10:00:00Z,Hi,de\n",
    )
    assert (first["message_id"], first["conversation_id"], first["role"], first["lang"]) == (
        "1",
        "9",
        "agent",
        "de",
    )
    assert (second["reject_reason"], second["reject_column"]) == ("unknown_role", "author_role")


@pytest.mark.parametrize(
    ("input_name", "text", "expected"),
    [
        (
            "events",
            "order_id,customer_id,type,date,total\n1,a,Purchase,2024-01-01,12.5\n2,,order,2024-01-01,\n3,b,gift,2024-01-01,\n4,b,visit,2024-01-01,x\n,b,visit,2024-01-01,\n",
            [None, "missing_customer", "unknown_value", "bad_number", "missing_id"],
        ),
        (
            "surveys",
            "customer_id,kind,score,answered_at\na,csat,5,2024-01-01\na,csat,6,2024-01-01\na,nps,10,2024-01-01\na,nps,-1,2024-01-01\na,nps,,2024-01-01\na,ces,3,2024-01-01\n",
            [None, "bad_number", None, "bad_number", "bad_number", "unknown_value"],
        ),
        (
            "customers",
            "customer_id,since,tier\na,2020-01-01,gold\nb,soon,\n,,\n",
            [None, "bad_time", "missing_customer"],
        ),
        ("identities", "alias,customer_id\n@x,a\n@y,\n,b\n", [None, "missing_customer", "missing_id"]),
        (
            "changes",
            "case_id,changed_at,field,value\n1,2024-01-01,status,resolved\n1,2024-01-01,status,odd\n"
            "1,2024-01-01,mood,x\n",
            [None, "unknown_value", "unknown_value"],
        ),
    ],
)  # fmt: skip
def test_the_other_generic_inputs(input_name, text, expected):
    assert [row["reject_reason"] for row in conform("generic", input_name, **{input_name: text})] == expected
