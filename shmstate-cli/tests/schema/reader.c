#include "house.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    struct stat found;
    const int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0 || fstat(file, &found) != 0)
        return 2;
    const void *region = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_SHARED, file, 0);
    House *house = (House *)malloc(sizeof *house);
    if (region == MAP_FAILED || house == NULL)
        return 2;
    uint64_t version;
    const int error = House_read(region, (size_t)found.st_size, house, &version);
    if (error != 0) {
        printf("error %d\n", error);
        return 1;
    }
    printf("version %llu\n", (unsigned long long)version);
    printf("%.*s %llu %u\n", (int)house->name.len, house->name.bytes, (unsigned long long)house->visits, house->type);
    if (house->door.discriminant == Door_Open)
        printf("door %u: %.1f, %u %u %u\n", house->door.discriminant, (double)house->door.Open.angle, house->door.Open.by[0],
               house->door.Open.by[1], house->door.Open.by[2]);
    printf("colour %u %u %u\n", house->colours[1]._0, house->colours[1]._1, house->colours[1]._2);
    printf("grid %u\n", house->grid[1][2]);
    for (uint32_t i = 0; i < house->rooms.len; i++) {
        const Room *room = &house->rooms.items[i];
        printf("%.*s %llu\n", (int)room->name.len, room->name.bytes, (unsigned long long)room->seats);
    }
    return 0;
}
