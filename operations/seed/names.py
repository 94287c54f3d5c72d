"""Names as they are met in a waiting room in Colombo, by community, with the language that goes with them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Community:
    """Names of one community; `share` of a hundred patients belong to it, `languages` are what they read."""

    share: int
    male: tuple[str, ...]
    female: tuple[str, ...]
    family: tuple[str, ...]
    languages: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COMMUNITIES = (
    Community(
        share=68,
        male=_words(
            "Nimal Sunil Kamal Ajith Chaminda Dinesh Gayan Hasitha Isuru Janaka Kasun Lahiru Mahesh Nuwan Pradeep "
            "Ranjith Sampath Tharindu Upul Asanka Buddhika Chathura Dilshan Eranga Harsha Kusal Lasith Malinda "
            "Nalin Prasanna Roshan Saman Thilak Viraj Wasantha"
        ),
        female=_words(
            "Kumari Nadeesha Chamari Dilini Gayani Hiruni Ishara Janaki Kaushalya Lakmali Malini Nilmini Oshadi "
            "Priyanka Rashmi Sanduni Tharushi Udeni Vindya Anusha Bhagya Chandrika Deepika Hansika Imalka Madhavi "
            "Nethmi Piumi Sachini Sewwandi Thilini Yamuna"
        ),
        family=_words(
            "Perera Fernando Silva Bandara Jayawardena Wijesinghe Gunasekara Rathnayake Dissanayake Ekanayake "
            "Herath Senanayake Karunaratne Liyanage Samarasinghe Abeysekara Weerakoon Wickramaratne Ranasinghe "
            "Amarasinghe Mendis Pathirana Kumarasinghe Jayasinghe Hettiarachchi Gamage Kodikara Seneviratne Alwis "
            "Rodrigo"
        ),
        languages=("si", "si", "si", "en"),
    ),
    Community(
        share=16,
        male=_words(
            "Arun Balan Ganesh Karthik Kumaran Mohan Nadesan Prakash Rajan Sathish Selvan Siva Suresh Thiru "
            "Vasanthan Yogan"
        ),
        female=_words(
            "Abirami Anjali Gowri Kavitha Lakshmi Malathi Nithya Priya Revathi Saraswathi Shanthini Sumathi "
            "Thulasi Vani"
        ),
        family=_words(
            "Kandasamy Selvarajah Nadarajah Sivakumar Thambiah Ponnambalam Rajaratnam Balasingham Kanagaratnam "
            "Subramaniam Yogarajah Mahendran Arulampalam Vigneswaran"
        ),
        languages=("ta", "ta", "en"),
    ),
    Community(
        share=12,
        male=_words("Ahamed Azmi Faizal Fazlul Hassan Ibrahim Imtiaz Jameel Nawaz Rizwan Rameez Shafeek Yusuf Zahir"),
        female=_words("Aysha Fathima Hafsa Inaya Maryam Nusrath Rizana Safiya Shamila Shireen Zainab Zeenath"),
        family=_words(
            "Marikkar Cassim Hameed Ismail Jiffry Lebbe Mohideen Naleem Rahim Razik Saleem Thassim Uwais Zarook Sheriff"
        ),
        languages=("ta", "en", "si"),
    ),
    Community(
        share=4,
        male=_words("Adrian Brian Christopher Dominic Eric Lorenz Malcolm Nigel Trevor"),
        female=_words("Andrea Beverley Charmaine Lorraine Michelle Natasha Rosemary Yvette"),
        family=(
            "Jansz",
            "Ferdinands",
            "de Kretser",
            "van Langenberg",
            "Ludowyk",
            "Schokman",
            "Bartholomeusz",
            "Foenander",
        ),
        languages=("en",),
    ),
)

STREETS = _words(
    "Temple Galle Kandy Havelock Baseline Station Lake Church School Flower Park Hospital Duplication Canal Sea Garden"
)
TOWNS = (
    "Colombo 3", "Colombo 4", "Colombo 5", "Colombo 6", "Colombo 8", "Nugegoda", "Dehiwala", "Mount Lavinia",
    "Rajagiriya", "Battaramulla", "Maharagama", "Kotte", "Wattala", "Kelaniya", "Moratuwa", "Piliyandala",
)  # fmt: skip
ALLERGIES = ("Penicillin", "Aspirin", "Peanuts", "Latex", "Sulfa drugs", "Shellfish", "Dust mites", "Iodine contrast")
CONDITIONS = (
    "Type 2 diabetes", "Hypertension", "Asthma", "Hypothyroidism", "Migraine", "Ischaemic heart disease",
    "Osteoarthritis", "High cholesterol", "Chronic kidney disease",
)  # fmt: skip
BLOOD_GROUPS = ("O+",) * 45 + ("B+",) * 25 + ("A+",) * 20 + ("AB+",) * 5 + ("O-", "B-", "A-", "AB-", "O-")
