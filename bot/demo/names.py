"""The invented names of the demo: companies, people, features, goals. None exists; the domains are reserved ones."""

from __future__ import annotations

PRODUCT = "Tidebook"
HOUSE = "tidebook.test"

COMPANIES: tuple[tuple[str, str], ...] = (
    ("Brackenfold Logistics", "logistics"),
    ("Ostermoor Dental Group", "health"),
    ("Pallwick Academy", "education"),
    ("Tarnbeck Foods", "food"),
    ("Quenby & Larch Architects", "design"),
    ("Velmora Robotics", "manufacturing"),
    ("Northquay Ferries", "travel"),
    ("Halloran Voss Legal", "legal"),
    ("Sunderlea Solar", "energy"),
    ("Pemberwick Press", "media"),
    ("Castellane Tiles", "manufacturing"),
    ("Dunmarrow Estates", "property"),
    ("Elvengrade Games", "media"),
    ("Fjordlys Kayaks", "retail"),
    ("Grovemere Clinics", "health"),
    ("Hexley Instruments", "manufacturing"),
    ("Inverlass Coffee", "food"),
    ("Jasperfen Textiles", "manufacturing"),
    ("Kestrelbank Advisers", "finance"),
    ("Lumenfold Optics", "manufacturing"),
    ("Marrowstone Gravel", "construction"),
    ("Nettlebridge School", "education"),
    ("Oakenshaw Brewing", "food"),
    ("Pinecrest Veterinary", "health"),
    ("Quillon Translations", "services"),
    ("Rookhollow Events", "services"),
    ("Saltmarsh Studios", "media"),
    ("Thistledown Travel", "travel"),
    ("Umberlin Paints", "manufacturing"),
    ("Vantgarden Nurseries", "retail"),
    ("Wexcombe Rail Parts", "manufacturing"),
    ("Yarrowdale Insurance", "finance"),
    ("Zephyrine Drones", "manufacturing"),
    ("Aldercross Pharmacy", "health"),
    ("Birchhaven Hotels", "travel"),
    ("Copperfinch Bikes", "retail"),
    ("Dovetail & Rye Joinery", "construction"),
    ("Emberly Heating", "energy"),
    ("Fallowmead Farms", "food"),
    ("Glimmerford Lighting", "retail"),
    ("Hollowbrook Archives", "services"),
    ("Islemere Shipping", "logistics"),
    ("Juniper & Slate Roofing", "construction"),
    ("Kilnwood Ceramics", "manufacturing"),
    ("Larkspire Learning", "education"),
    ("Mistral Quay Sailmakers", "retail"),
    ("Nimbleford Couriers", "logistics"),
    ("Orrinvale Water", "energy"),
    ("Pellucid Labs Norden", "health"),
    ("Quartzmoor Mining Tools", "manufacturing"),
    ("Ravensteen Security", "services"),
    ("Silverfathom Surveys", "services"),
    ("Tallowick Candles", "retail"),
    ("Undercliff Theatre", "media"),
    ("Vesperine Watches", "retail"),
    ("Willowgate Homes", "property"),
    ("Xandermere Analytics", "services"),
    ("Yewbarrow Outdoor", "retail"),
    ("Zinnia Lane Flowers", "retail"),
    ("Ashgrove Payroll", "finance"),
)

FIRST = (
    "Dana", "Milo", "Priya", "Jonas", "Aisha", "Tomás", "Ingrid", "Kwame", "Leila", "Oskar", "Renata", "Samuel", "Yuki",
    "Nadia", "Felix", "Carmen", "Idris", "Maeve", "Anton", "Zara", "Hugo", "Selma", "Rafael", "Noor", "Elsa", "Victor",
    "Amara", "Luca", "Greta", "Pavel",
)  # fmt: skip
LAST = (
    "Reyes", "Holm", "Natarajan", "Becker", "Diallo", "Moreira", "Lund", "Mensah", "Haddad", "Virtanen", "Costa",
    "Achebe", "Tanaka", "Petrov", "Brandt", "Iglesias", "Farah", "Quinn", "Novak", "Sheikh", "Marchetti", "Aydin",
    "Ferreira", "Rahman", "Nyström", "Laurent", "Okoye", "Bianchi", "Vogel", "Kowalski",
)  # fmt: skip
TITLES = ("Head of Operations", "Operations Lead", "Project Manager", "Team Lead", "Planner", "Coordinator", "Analyst")

FEATURES = (
    "Task board", "Weekly report", "Shared dashboard", "Team comments", "Approval workflow", "Template library",
    "Automation rules", "Data export", "Request form",
)  # fmt: skip

GOALS = (
    "Close the monthly planning two days earlier",
    "Have one place for all client requests",
    "Cut status meetings to one a week",
    "Report to the board without spreadsheets",
)

ANSWERS = (
    "Thanks for the pointer, that was just what we needed. I have set it up with the team this morning.\n\n{name}",
    "Good timing. We had lost sight of this; two of us tried it today and it works well. More next week.\n\n{name}",
    "Thank you, this helps. I asked the team to have a look and they are on it.\n\n{name}",
)
