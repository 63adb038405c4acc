"""What a walk over every route needs: the routes, somebody's world, and addresses made of the two."""
