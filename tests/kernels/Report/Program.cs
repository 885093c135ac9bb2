using System.Globalization;
using DmIoUring.KernelReport;

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: kernel-report FOLDER KERNEL...");
    return 2;
}

Guest[] guests = [.. args[1..].Select(name => Guest.Read(Path.Combine(args[0], name), name))];
Console.Write(Table.Text(guests));
string page = Path.Combine(args[0], "table.md");
File.WriteAllText(page, Table.Markdown(guests));
foreach (string failure in guests.SelectMany(static guest => guest.Failures))
    Console.WriteLine(failure);

Row[] rows = [.. guests.SelectMany(static guest => guest.Rows)];
int failed = rows.Sum(static row => row.Failed);
bool any = guests.Any(static guest => guest.Missing is null);
Console.WriteLine(any ? $"the same table for a page: {page}" : "no kernel could be had, so nothing was proven");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"kernels: {rows.Sum(static row => row.Passed)} passed, {failed} failed, {rows.Sum(static row => row.Absent)} not offered"));
return failed > 0 ? 1 : any ? 0 : 3;
