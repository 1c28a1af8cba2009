"""The paper's experiments: its protocol as data, trainings that go on where they were, its tables."""
