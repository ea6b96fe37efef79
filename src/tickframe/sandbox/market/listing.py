"""What is listed in the simulated market: data, nothing else.

Names are real, so that a lookup feels like one. The ISINs that stand here are real too; all others
are invented, with a right check digit.
"""

from __future__ import annotations

from types import MappingProxyType

KNOWN_ISINS = MappingProxyType(
    {
        "ADS.XE": "DE000A1EWWW0",
        "DBK.XE": "DE0005140008",
        "IBM.N": "US4592001014",
        "ZAL.XE": "DE000ZAL1111",
    }
)

#: By the suffix of their exchange: one share a line, its local code and its name.
LISTED = MappingProxyType(
    {
        "XE": """\
1COV Covestro AG
ADS adidas AG
AFX Carl Zeiss Meditec AG
AIR Airbus SE
ALV Allianz SE
BAS BASF SE
BAYN Bayer AG
BC8 Bechtle AG
BEI Beiersdorf AG
BMW Bayerische Motoren Werke AG
BNR Brenntag SE
BOSS Hugo Boss AG
CBK Commerzbank AG
CON Continental AG
DB1 Deutsche Boerse AG
DBK Deutsche Bank AG
DHER Delivery Hero SE
DHL DHL Group
DTE Deutsche Telekom AG
DTG Daimler Truck Holding AG
ENR Siemens Energy AG
EOAN E.ON SE
EVK Evonik Industries AG
EVT Evotec SE
FME Fresenius Medical Care AG
FNTN freenet AG
FRA Fraport AG
FRE Fresenius SE & Co. KGaA
G1A GEA Group AG
HAG Hensoldt AG
HEI Heidelberg Materials AG
HEN3 Henkel AG & Co. KGaA
HNR1 Hannover Rueck SE
IFX Infineon Technologies AG
KGX KION Group AG
LEG LEG Immobilien SE
LHA Deutsche Lufthansa AG
MBG Mercedes-Benz Group AG
MRK Merck KGaA
MTX MTU Aero Engines AG
MUV2 Muenchener Rueck AG
NEM Nemetschek SE
P911 Porsche AG
PAH3 Porsche Automobil Holding SE
PSM ProSiebenSat.1 Media SE
PUM Puma SE
QIA Qiagen NV
RAA Rational AG
RHM Rheinmetall AG
RWE RWE AG
SAP SAP SE
SDF K+S AG
SHL Siemens Healthineers AG
SIE Siemens AG
SRT3 Sartorius AG
SY1 Symrise AG
TEG TAG Immobilien AG
TKA thyssenkrupp AG
TUI1 TUI AG
VNA Vonovia SE
VOW3 Volkswagen AG
WCH Wacker Chemie AG
ZAL Zalando SE""",
        "N": """\
ABBV AbbVie Inc.
ABT Abbott Laboratories
ACN Accenture plc
AIG American International Group Inc.
AXP American Express Company
BA The Boeing Company
BAC Bank of America Corporation
BK The Bank of New York Mellon Corporation
BLK BlackRock Inc.
BMY Bristol-Myers Squibb Company
C Citigroup Inc.
CAT Caterpillar Inc.
CL Colgate-Palmolive Company
COP ConocoPhillips
CRM Salesforce Inc.
CVS CVS Health Corporation
CVX Chevron Corporation
DE Deere & Company
DIS The Walt Disney Company
DUK Duke Energy Corporation
EMR Emerson Electric Co.
F Ford Motor Company
FDX FedEx Corporation
GD General Dynamics Corporation
GE General Electric Company
GM General Motors Company
GS The Goldman Sachs Group Inc.
HD The Home Depot Inc.
IBM International Business Machines Corporation
JNJ Johnson & Johnson
JPM JPMorgan Chase & Co.
KO The Coca-Cola Company
LLY Eli Lilly and Company
LMT Lockheed Martin Corporation
LOW Lowe's Companies Inc.
MA Mastercard Incorporated
MCD McDonald's Corporation
MDT Medtronic plc
MET MetLife Inc.
MMM 3M Company
MO Altria Group Inc.
MRK Merck & Co. Inc.
MS Morgan Stanley
NEE NextEra Energy Inc.
NKE Nike Inc.
ORCL Oracle Corporation
PFE Pfizer Inc.
PG The Procter & Gamble Company
PM Philip Morris International Inc.
SO The Southern Company
SPG Simon Property Group Inc.
T AT&T Inc.
TGT Target Corporation
UNH UnitedHealth Group Incorporated
UNP Union Pacific Corporation
UPS United Parcel Service Inc.
USB U.S. Bancorp
V Visa Inc.
VZ Verizon Communications Inc.
WFC Wells Fargo & Company
WMT Walmart Inc.
XOM Exxon Mobil Corporation""",
        "O": """\
AAPL Apple Inc.
ADBE Adobe Inc.
ADI Analog Devices Inc.
ADP Automatic Data Processing Inc.
AMAT Applied Materials Inc.
AMD Advanced Micro Devices Inc.
AMGN Amgen Inc.
AMZN Amazon.com Inc.
AVGO Broadcom Inc.
BIIB Biogen Inc.
BKNG Booking Holdings Inc.
CHTR Charter Communications Inc.
CMCSA Comcast Corporation
COST Costco Wholesale Corporation
CSCO Cisco Systems Inc.
EBAY eBay Inc.
GILD Gilead Sciences Inc.
GOOG Alphabet Inc. Class C
GOOGL Alphabet Inc. Class A
HON Honeywell International Inc.
INTC Intel Corporation
INTU Intuit Inc.
ISRG Intuitive Surgical Inc.
KHC The Kraft Heinz Company
LRCX Lam Research Corporation
MAR Marriott International Inc.
MDLZ Mondelez International Inc.
META Meta Platforms Inc.
MSFT Microsoft Corporation
MU Micron Technology Inc.
NFLX Netflix Inc.
NVDA NVIDIA Corporation
PEP PepsiCo Inc.
PYPL PayPal Holdings Inc.
QCOM QUALCOMM Incorporated
REGN Regeneron Pharmaceuticals Inc.
SBUX Starbucks Corporation
TMUS T-Mobile US Inc.
TSLA Tesla Inc.
TXN Texas Instruments Incorporated
VRTX Vertex Pharmaceuticals Incorporated""",
        "L": """\
AAL Anglo American plc
ABF Associated British Foods plc
AHT Ashtead Group plc
ANTO Antofagasta plc
AV Aviva plc
AZN AstraZeneca plc
BA BAE Systems plc
BARC Barclays plc
BATS British American Tobacco plc
BP BP plc
BT BT Group plc
CNA Centrica plc
CPG Compass Group plc
DGE Diageo plc
EXPN Experian plc
FRES Fresnillo plc
GLEN Glencore plc
GSK GSK plc
HLMA Halma plc
HSBA HSBC Holdings plc
IHG InterContinental Hotels Group plc
IMB Imperial Brands plc
JD JD Sports Fashion plc
KGF Kingfisher plc
LGEN Legal & General Group plc
LLOY Lloyds Banking Group plc
LSEG London Stock Exchange Group plc
NG National Grid plc
NWG NatWest Group plc
NXT Next plc
PRU Prudential plc
PSN Persimmon plc
REL RELX plc
RIO Rio Tinto plc
RR Rolls-Royce Holdings plc
SBRY J Sainsbury plc
SHEL Shell plc
SSE SSE plc
STAN Standard Chartered plc
TSCO Tesco plc
ULVR Unilever plc
UU United Utilities Group plc
VOD Vodafone Group plc
WTB Whitbread plc""",
        "PA": """\
AC Accor SA
ACA Credit Agricole SA
AI Air Liquide SA
AIR Airbus SE
ALO Alstom SA
BN Danone SA
BNP BNP Paribas SA
CA Carrefour SA
CAP Capgemini SE
CS AXA SA
DG Vinci SA
DSY Dassault Systemes SE
EL EssilorLuxottica SA
EN Bouygues SA
ENGI Engie SA
GLE Societe Generale SA
HO Thales SA
KER Kering SA
LR Legrand SA
MC LVMH SE
ML Michelin SCA
OR L'Oreal SA
ORA Orange SA
PUB Publicis Groupe SA
RI Pernod Ricard SA
RMS Hermes International SCA
RNO Renault SA
SAF Safran SA
SAN Sanofi SA
SGO Compagnie de Saint-Gobain SA
SU Schneider Electric SE
TTE TotalEnergies SE
VIE Veolia Environnement SA
VIV Vivendi SE""",
        "AS": """\
ABN ABN AMRO Bank NV
AD Koninklijke Ahold Delhaize NV
ADYEN Adyen NV
AKZA Akzo Nobel NV
ASM ASM International NV
ASML ASML Holding NV
HEIA Heineken NV
INGA ING Groep NV
KPN Koninklijke KPN NV
NN NN Group NV
PHIA Koninklijke Philips NV
PRX Prosus NV
RAND Randstad NV
UMG Universal Music Group NV
WKL Wolters Kluwer NV""",
        "T": """\
4063 Shin-Etsu Chemical Co. Ltd.
4502 Takeda Pharmaceutical Co. Ltd.
6098 Recruit Holdings Co. Ltd.
6501 Hitachi Ltd.
6758 Sony Group Corporation
6861 Keyence Corporation
6954 Fanuc Corporation
7203 Toyota Motor Corporation
7267 Honda Motor Co. Ltd.
7974 Nintendo Co. Ltd.
8035 Tokyo Electron Ltd.
8306 Mitsubishi UFJ Financial Group Inc.
9432 Nippon Telegraph and Telephone Corporation
9983 Fast Retailing Co. Ltd.
9984 SoftBank Group Corp.""",
    }
)

#: The same for exchange-traded funds.
LISTED_FUNDS = MappingProxyType(
    {
        "XE": """\
EUNL iShares Core MSCI World UCITS ETF
EXS1 iShares Core DAX UCITS ETF
VGWL Vanguard FTSE All-World UCITS ETF
XDAX Xtrackers DAX UCITS ETF""",
        "N": """\
DIA SPDR Dow Jones Industrial Average ETF Trust
IWM iShares Russell 2000 ETF
SPY SPDR S&P 500 ETF Trust""",
        "O": """\
QQQ Invesco QQQ Trust""",
        "L": """\
ISF iShares Core FTSE 100 UCITS ETF
VUSA Vanguard S&P 500 UCITS ETF""",
    }
)
