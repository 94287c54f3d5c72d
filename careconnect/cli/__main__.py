from careconnect.cli import main

main()
