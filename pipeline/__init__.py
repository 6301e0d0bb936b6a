"""What holds back cacao yield in Kutai Timur: the library behind the notebooks and the stages."""
