"""The patients service on the wire."""

from services.patients.schemas.answers import Candidate, Contact, Count, Figures, Patient, PatientName, Period, Standing
from services.patients.schemas.changes import (
    EmergencyContactWrite,
    MedicalInfoPatch,
    NamesQuery,
    PatientPatch,
    PatientReplacement,
    PatientWrite,
    Search,
    Sort,
)
from services.patients.schemas.person import (
    Address,
    BloodGroup,
    Demographics,
    Email,
    EmergencyContact,
    Gender,
    Input,
    MedicalInfo,
    Version,
)

__all__ = [
    "Address",
    "BloodGroup",
    "Candidate",
    "Contact",
    "Count",
    "Demographics",
    "Email",
    "EmergencyContact",
    "EmergencyContactWrite",
    "Figures",
    "Gender",
    "Input",
    "MedicalInfo",
    "MedicalInfoPatch",
    "NamesQuery",
    "Patient",
    "PatientName",
    "PatientPatch",
    "PatientReplacement",
    "PatientWrite",
    "Period",
    "Search",
    "Sort",
    "Standing",
    "Version",
]
