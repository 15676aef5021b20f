ANSWERS: list = []
