# stands for the file that the log names
