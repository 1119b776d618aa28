# DOS prints on LPT1, which is a file. Sourced by run.
if take freedos-144.img dos.img; then
    printf '%s\n' 'wait:A:\\>' 'type:echo hello printer > lpt1\n' 'wait:A:\\>' 'type:echo all %PROMPT% done\n' >keys.txt
    boots guest-printer '^all.*done' dos.img --snapshot --parallel file:paper.txt --keys-file keys.txt
    if grep -q '^hello printer' paper.txt; then pass guest-printer-paper; else fail guest-printer-paper "$(head -c 100 paper.txt)"; fi
else
    skip guest-printer no-image
fi
